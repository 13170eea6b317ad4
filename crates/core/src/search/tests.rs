use super::*;

fn runs(filter: &str) -> Result<Vec<Clause>, InvalidSearch> {
    Query::parse(Target::Runs, filter, &[]).map(|query| query.clauses)
}

fn refusal(filter: &str) -> String {
    runs(filter).unwrap_err().to_string()
}

#[test]
fn keys_may_be_bare_dotted_or_in_quotes() {
    let key = |filter: &str| runs(filter).unwrap().remove(0).field;
    for filter in [
        "tags.a.b = 'x'",
        "tags.`a.b` = 'x'",
        "tag.\"a.b\" = 'x'",
        "tags.'a.b' = 'x'",
    ] {
        assert_eq!(key(filter), Field::Tag("a.b".to_owned()), "{filter}");
    }
    assert_eq!(
        key("params.`opt name`='x'"),
        Field::Param("opt name".to_owned())
    );
    assert_eq!(
        key("attributes.`Run name` = 'x'"),
        Field::Attribute(Attribute::RunName)
    );
}

#[test]
fn every_comparison_has_its_test() {
    let test = |filter: &str| runs(filter).unwrap().remove(0).test;
    assert_eq!(test("metrics.a>-1"), Test::Number(Relation::Greater, -1.0));
    assert_eq!(
        test("metrics.a <= 1e-3"),
        Test::Number(Relation::LessOrEqual, 0.001)
    );
    assert_eq!(test("metrics.a > .1"), Test::Number(Relation::Greater, 0.1));
    assert_eq!(
        test("start_time != 20"),
        Test::Integer(Relation::NotEqual, 20)
    );
    let like = Test::Like {
        ignores_case: true,
        pattern: "A%".to_owned(),
    };
    assert_eq!(test("params.a ilike \"A%\""), like);
    let among = Test::In {
        is_negated: true,
        texts: vec!["a".to_owned(), "b".to_owned()],
    };
    assert_eq!(test("run_id NOT IN ('a',\"b\")"), among);
    assert_eq!(test("tags.a IS NOT NULL"), Test::IsNotNull);
    assert_eq!(test("params.a IS NULL AND params.b = 'x'"), Test::IsNull);
    let same = Test::Text {
        is_negated: false,
        text: "it's".to_owned(),
    };
    assert_eq!(test("tags.team = \"it's\""), same);
}

#[test]
fn and_may_be_left_out_or_stand_alone() {
    for filter in [
        "params.a = 'x' params.a = 'x'",
        "params.a='x' AND",
        "AND params.a = 'x'",
        "",
    ] {
        assert!(runs(filter).is_ok(), "{filter}");
    }
}

#[test]
fn refusals_are_the_real_servers() {
    for (filter, message) in REFUSALS {
        let found = refusal(filter);
        assert!(
            found.starts_with(message)
                || filter.contains('`') && found.starts_with("Invalid clause(s)"),
            "{filter}: {found}"
        );
    }
}

#[test]
fn an_order_is_read_and_a_strange_one_is_refused() {
    let order =
        |raw: &str| Query::parse(Target::Runs, "", &[raw.to_owned()]).map(|query| query.order);
    let descending = Order {
        field: Field::Metric("acc".to_owned()),
        is_ascending: false,
        dataset: None,
    };
    assert_eq!(order("metrics.`acc` desc").unwrap(), [descending]);
    assert!(order("start_time").unwrap()[0].is_ascending);
    for (raw, message) in [
        (
            "metrics.acc sideways",
            "Invalid ordering key in order_by clause 'metrics.acc sideways'.",
        ),
        (
            "metrics.acc ASC DESC",
            "Invalid order_by clause 'metrics.acc ASC DESC'. Could not be parsed.",
        ),
        ("", "Invalid order_by clause ''. Could not be parsed."),
        ("dataset.name", "Invalid identifier type 'dataset'"),
        (
            "metrics.acc, start_time",
            "Invalid order_by clause 'metrics.acc, start_time'. Could not be parsed.",
        ),
    ] {
        assert_eq!(order(raw).unwrap_err().to_string(), message);
    }
}

#[test]
fn experiments_have_their_own_fields() {
    let experiments =
        |filter: &str| Query::parse(Target::Experiments, filter, &["name DESC".to_owned()]);
    assert!(
        experiments("attribute.name LIKE 'a%' AND tags.`x y` = 'y' AND creation_time > 0").is_ok()
    );
    assert!(experiments("experiment_id IN ('1', '2')").is_ok());
    let refused = experiments("name LIKE 'a' OR name = 'x'")
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "Invalid clause(s) in filter string: OR");
    let refused = experiments("attributes.name = 'a'")
        .unwrap_err()
        .to_string();
    assert!(refused.starts_with("Invalid entity type 'attributes'. Valid entity types are"));
}

proptest::proptest! {
    /// Whatever is sent, reading it ends in an answer.
    #[test]
    fn no_filter_breaks_the_reader(filter in "[a-z.`\"'()=<>! ,;0-9\\\\-]{0,40}") {
        let _ = Query::parse(Target::Runs, &filter, std::slice::from_ref(&filter));
        let _ = Query::parse(Target::Experiments, &filter, &[]);
    }

    /// A quoted value comes back as it was, whatever is in it.
    #[test]
    fn a_quoted_value_is_taken_literally(value in "[^'\"\\\\\0]{0,20}") {
        let clauses = runs(&format!("params.a = '{value}'")).unwrap();
        let same = Test::Text { is_negated: false, text: value };
        proptest::prop_assert_eq!(&clauses[0].test, &same);
    }
}

/// Filters with what the real server says of them.
const REFUSALS: &[(&str, &str)] = &[
    (" ", "Invalid filter ' '. Could not be parsed."),
    (
        "foo.bar = 'x'",
        "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    ),
    (
        "METRICS.acc > 0",
        "Invalid entity type 'METRICS'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    ),
    (
        "metrics.acc > '0.5'",
        "Expected numeric value type for metric. Found '0.5'",
    ),
    (
        "params.lr = 0.1",
        "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 0.1",
    ),
    (
        "params.lr IN ('0.1')",
        "Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('0.1')",
    ),
    (
        "attributes.start_time > '200'",
        "Expected numeric value type for numeric attribute: start_time. Found '200'",
    ),
    (
        "attributes.status IN ('FAILED', 'KILLED')",
        "Only ['run_id'] attributes support comparison with a list of quoted string values.",
    ),
    (
        "attributes.run_id IN ()",
        "While parsing a list in the query, expected a non-empty list of string values, but got empty list",
    ),
    (
        "run_id IN ('a', 5)",
        "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ('a', 5)",
    ),
    (
        "attributes.run_id IN 'a'",
        "Invalid clause(s) in filter string: 'attributes.run_id', 'IN', ''a''",
    ),
    ("= 'x'", "Invalid clause(s) in filter string: '=', ''x''"),
    (
        "params.lr =",
        "Invalid clause(s) in filter string: 'params.lr', '='",
    ),
    (
        "params.lr '0.1'",
        "Invalid clause(s) in filter string: 'params.lr', ''0.1''",
    ),
    (
        "params.lr = '0.1",
        "Invalid clause(s) in filter string: 'params.lr', '=', ''', '0.1'",
    ),
    (
        "params.lr = 'a' OR params.lr = 'b'",
        "Invalid clause(s) in filter string: 'OR'",
    ),
    (
        "NOT params.lr = 'a'",
        "Invalid clause(s) in filter string: 'NOT'",
    ),
    (
        "params.lr = '0.1';",
        "Invalid clause(s) in filter string: ';'",
    ),
    (
        "params.lr = '0.1'; DROP TABLE runs",
        "Search filter contained multiple expression \"params.lr = '0.1'; DROP TABLE runs\". Provide AND-ed expression list.",
    ),
    (
        "'0.1' = params.lr",
        "Invalid comparison clause. Expected 'Identifier' found ''0.1''",
    ),
    (
        "metrics.acc BETWEEN 0 AND 1",
        "Invalid clause(s) in filter string: 'metrics.acc', 'BETWEEN', '0', '1'",
    ),
    (
        "params.lr = lr",
        "Parameter value is either not quoted or unidentified quote types used for string value lr. Use either single or double quotes.",
    ),
    (
        "params.`lr = '0.1'",
        "Invalid clause(s) in filter string: 'params.', '`'",
    ),
    (
        "metrics.acc > 1 -- comment",
        "Invalid clause(s) in filter string: '-- comment'",
    ),
    (
        "params.my-key = 'x'",
        "Invalid comparison clause. Expected 'Identifier' found 'params.my-key'",
    ),
];

fn registry(target: Target, filter: &str) -> Result<Vec<Clause>, InvalidSearch> {
    Query::parse(target, filter, &[]).map(|query| query.clauses)
}

#[test]
fn the_clients_own_filters_of_versions_are_read() {
    let name = |text: &str| Clause {
        field: Field::Attribute(Attribute::Name),
        test: Test::Text {
            is_negated: false,
            text: text.to_owned(),
        },
    };
    let versions = |filter: &str| registry(Target::Versions, filter);
    assert_eq!(versions("name='churn'").unwrap(), [name("churn")]);
    assert_eq!(versions("name = \"it's\"").unwrap(), [name("it's")]);
    let found = versions(
        "name like 'c%' AND tags.`a b` != 'x' and version_number >= 2 AND run_id IN ('a','b')",
    )
    .unwrap();
    assert_eq!(found.len(), 4);
    assert_eq!(found[2].test, Test::Integer(Relation::GreaterOrEqual, 2));
}

#[test]
fn what_can_not_be_compared_of_versions_is_refused() {
    for filter in [
        "name",
        "name =",
        "name = x",
        "name > 'a'",
        "tags.a = 1",
        "tags.a IN ('a')",
        "tags.a IS NULL",
        "source_path IN ('a')",
        "= 'a'",
        "name = 'a' OR name = 'b'",
        "nam = 'a'",
        "foo.bar = 'a'",
        "attributes.name = 'a'",
        "params.a = 'a'",
        "name = 'a",
        "version_number = 'x'",
        "version_number LIKE '1'",
        "name = 'a' name",
    ] {
        assert!(registry(Target::Versions, filter).is_err(), "{filter}");
    }
}

#[test]
fn an_order_of_models_knows_their_columns_only() {
    let order =
        |target, raw: &str| Query::parse(target, "", &[raw.to_owned()]).map(|query| query.order);
    assert!(order(Target::Versions, "creation_timestamp DESC").is_ok());
    assert!(order(Target::Models, "timestamp").is_ok());
    assert!(order(Target::Models, "version_number").is_err());
    assert!(order(Target::Models, "tags.a").is_err());
    let twice = ["name".to_owned(), "name DESC".to_owned()];
    assert!(Query::parse(Target::Models, "", &twice).is_err());
}

#[test]
fn prompts_are_found_only_when_asked_for() {
    let wants = |filter: &str| {
        Query::parse(Target::Models, filter, &[])
            .unwrap()
            .wants_prompts()
    };
    assert!(wants("tags.`mlflow.prompt.is_prompt` = 'true'"));
    assert!(wants("tags.`mlflow.prompt.is_prompt` != 'false'"));
    assert!(!wants("tags.`mlflow.prompt.is_prompt` != 'true'") && !wants(""));
}

#[test]
fn logged_models_are_compared_by_metrics_and_lists_too() {
    let logged = |filter: &str| registry(Target::LoggedModels, filter);
    let found = logged(
        "metrics.`val acc` > 0.5 AND params.lr IN ('1', '2') AND creation_time >= 7 AND model_type = 'x'",
    )
    .unwrap();
    assert_eq!(found[0].field, Field::Metric("val acc".to_owned()));
    assert_eq!(found[2].test, Test::Integer(Relation::GreaterOrEqual, 7));
    for filter in [
        "metric.a > 1",
        "metrics.a > 'x'",
        "params.lr > '1'",
        "name",
        "tags.a IS NULL",
    ] {
        assert!(logged(filter).is_err(), "{filter}");
    }
}

#[test]
fn logged_models_are_ordered_by_columns_and_metrics() {
    let order = |field_name: &str| {
        let part = LoggedModelOrder {
            field_name: field_name.to_owned(),
            is_ascending: true,
            dataset: None,
        };
        Query::of_logged_models("", &[part]).map(|mut query| query.order.remove(0).field)
    };
    assert_eq!(order("metrics.a.b"), Ok(Field::Metric("a.b".to_owned())));
    assert_eq!(order("name"), Ok(Field::Attribute(Attribute::Name)));
    for unknown in ["", "params.a", "tags.a", "nonsense", "foo.bar"] {
        assert!(order(unknown).is_err(), "{unknown}");
    }
}
