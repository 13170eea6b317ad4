//! The filter and the order of searches for models and versions, with MLflow's messages.

mod token;

use self::Comparator::{Equal, Ilike, In, Like, NotEqual, NotIn};
use self::token::{Token, tokens};
use super::IS_PROMPT_TAG;

/// What is searched for: it decides which attributes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Registered models.
    Models,
    /// Versions of models.
    Versions,
    /// Logged models.
    Logged,
}

/// A parsed search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// All must hold.
    pub clauses: Vec<Clause>,
    /// Complete: it ends with what makes it unambiguous.
    pub order: Vec<Order>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// What is compared.
    pub field: Field,
    /// How.
    pub comparator: Comparator,
    /// With what.
    pub value: Value,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A column.
    Attribute(Attribute),
    /// The value of the tag with this key; something without the tag never matches.
    Tag(String),
    /// The value of the logged model's param with this key.
    Param(String),
}

/// Columns that can be compared or ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The model's name.
    Name,
    /// The version's number.
    VersionNumber,
    /// The run that made the version.
    RunId,
    /// The version's source.
    SourcePath,
    /// The logged model's id.
    ModelId,
    /// The logged model's kind.
    ModelType,
    /// The run that logged the model.
    SourceRunId,
    /// When it was created.
    CreationTimestamp,
    /// When it was changed last.
    LastUpdatedTimestamp,
}

/// How a clause compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are SQL's")]
pub enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    Ilike,
    In,
    NotIn,
}

/// What a clause compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(String),
    /// One integer.
    Number(i64),
    /// One of several texts.
    List(Vec<String>),
}

/// One part of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub attribute: Attribute,
    /// Small first.
    pub is_ascending: bool,
}

/// A search that can't be read; the text is MLflow's where clients could meet it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSearch(String);

impl Query {
    /// Reads a filter and an order; both may be empty.
    pub fn parse(target: Target, filter: &str, order_by: &[String]) -> Result<Self, InvalidSearch> {
        Ok(Self {
            clauses: parse_filter(target, filter)?,
            order: parse_order(target, order_by)?,
        })
    }

    /// Whether prompts are asked for; they are hidden otherwise.
    pub fn wants_prompts(&self) -> bool {
        let on_prompts = |clause: &&Clause| clause.field == Field::Tag(IS_PROMPT_TAG.to_owned());
        self.clauses
            .iter()
            .find(on_prompts)
            .is_some_and(|clause| match &clause.value {
                Value::Text(text) => {
                    let wanted = if clause.comparator == Comparator::Equal {
                        "true"
                    } else {
                        "false"
                    };
                    matches!(clause.comparator, Comparator::Equal | Comparator::NotEqual)
                        && text.eq_ignore_ascii_case(wanted)
                }
                _ => false,
            })
    }
}

impl Comparator {
    /// The operator in SQL.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Like => "LIKE",
            Self::Ilike => "ILIKE",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "=" => Self::Equal,
            "!=" | "<>" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "LIKE" => Self::Like,
            "ILIKE" => Self::Ilike,
            "IN" => Self::In,
            "NOT IN" => Self::NotIn,
            _ => return None,
        })
    }
}

fn refuse<T>(message: String) -> Result<T, InvalidSearch> {
    Err(InvalidSearch(message))
}

fn parse_filter(target: Target, filter: &str) -> Result<Vec<Clause>, InvalidSearch> {
    if filter.trim().is_empty() {
        return Ok(Vec::new());
    }
    let broken = || InvalidSearch(format!("Invalid clause(s) in filter string: {filter}"));
    let mut rest = tokens(filter).ok_or_else(broken)?.into_iter();
    let mut clauses = Vec::new();
    loop {
        let (Some(Token::Word(field)), Some(Token::Operator(operator)), Some(value)) =
            (rest.next(), rest.next(), rest.next())
        else {
            return Err(broken());
        };
        clauses.push(clause(target, &field, &operator, value)?);
        match rest.next() {
            None => return Ok(clauses),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => {}
            Some(_) => return Err(broken()),
        }
    }
}

fn clause(
    target: Target,
    field: &str,
    operator: &str,
    value: Token,
) -> Result<Clause, InvalidSearch> {
    let field = parse_field(target, field)?;
    let unknown = || InvalidSearch(format!("Invalid comparator for attribute: {operator}"));
    let comparator = Comparator::from_word(operator).ok_or_else(unknown)?;
    match &field {
        Field::Tag(_) | Field::Param(_)
            if !matches!(comparator, Equal | NotEqual | Like | Ilike) =>
        {
            return refuse(format!("Invalid comparator for tag: {operator}"));
        }
        Field::Attribute(Attribute::VersionNumber)
            if matches!(comparator, Like | Ilike | In | NotIn) =>
        {
            return refuse(format!(
                "Invalid comparator for attribute version_number: {operator}"
            ));
        }
        Field::Attribute(Attribute::VersionNumber) => {
            let value = whole_number(value)?;
            return Ok(Clause {
                field,
                comparator,
                value: Value::Number(value),
            });
        }
        Field::Attribute(attribute) => {
            let takes_list = !matches!(attribute, Attribute::SourcePath);
            let is_list = matches!(comparator, In | NotIn);
            if is_list && !takes_list
                || !matches!(comparator, Equal | NotEqual | Like | Ilike | In | NotIn)
            {
                return Err(unknown());
            }
        }
        Field::Tag(_) | Field::Param(_) => {}
    }
    let value = match (value, matches!(comparator, In | NotIn)) {
        (Token::Quoted(text), false) => Value::Text(text),
        (Token::List(texts), true) => Value::List(texts),
        (other, _) if matches!(field, Field::Tag(_)) => {
            return refuse(format!(
                "Expected a quoted string value for tag (e.g. 'my-value'). Got value {}",
                other.text()
            ));
        }
        (other, _) => {
            return refuse(format!(
                "Expected a quoted string value or a list of quoted string values for attributes. Got value {}",
                other.text()
            ));
        }
    };
    Ok(Clause {
        field,
        comparator,
        value,
    })
}

fn whole_number(value: Token) -> Result<i64, InvalidSearch> {
    let text = match value {
        Token::Word(text) | Token::Quoted(text) => text,
        other => {
            return refuse(format!(
                "Invalid value for numeric attribute 'version_number': {}",
                other.text()
            ));
        }
    };
    text.parse().or_else(|_| {
        refuse(format!(
            "Invalid value for numeric attribute 'version_number': {text}"
        ))
    })
}

fn parse_field(target: Target, raw: &str) -> Result<Field, InvalidSearch> {
    let (entity, key) = raw.split_once('.').unwrap_or(("attribute", raw));
    let bare = key.trim_matches(|c| matches!(c, '`' | '"')).to_owned();
    match entity {
        "tag" | "tags" => Ok(Field::Tag(bare)),
        "params" if target == Target::Logged => Ok(Field::Param(bare)),
        "attribute" | "attributes" => match (bare.as_str(), target) {
            ("name", _) => Ok(Field::Attribute(Attribute::Name)),
            ("version_number", Target::Versions) => Ok(Field::Attribute(Attribute::VersionNumber)),
            ("run_id", Target::Versions) => Ok(Field::Attribute(Attribute::RunId)),
            ("source_path", Target::Versions) => Ok(Field::Attribute(Attribute::SourcePath)),
            ("model_id", Target::Logged) => Ok(Field::Attribute(Attribute::ModelId)),
            ("model_type", Target::Logged) => Ok(Field::Attribute(Attribute::ModelType)),
            ("source_run_id", Target::Logged) => Ok(Field::Attribute(Attribute::SourceRunId)),
            _ => refuse(format!(
                "Invalid attribute key '{key}' specified. Valid keys are '{}'",
                filter_keys(target)
            )),
        },
        other => refuse(format!(
            "Invalid entity type '{other}'. Valid entity types are ('attribute', 'tag', 'tags')"
        )),
    }
}

fn filter_keys(target: Target) -> &'static str {
    match target {
        Target::Models => "{'name'}",
        Target::Versions => "{'name', 'run_id', 'source_path', 'version_number'}",
        Target::Logged => "{'model_id', 'model_type', 'name', 'source_run_id'}",
    }
}

fn parse_order(target: Target, order_by: &[String]) -> Result<Vec<Order>, InvalidSearch> {
    let mut order: Vec<Order> = Vec::new();
    for raw in order_by {
        let part = parse_order_part(target, raw)?;
        if order.iter().any(|seen| seen.attribute == part.attribute) {
            return refuse(format!(
                "`order_by` contains duplicate fields: {order_by:?}"
            ));
        }
        order.push(part);
    }
    let mut then = |attribute, is_ascending| {
        if order.iter().all(|seen| seen.attribute != attribute) {
            order.push(Order {
                attribute,
                is_ascending,
            });
        }
    };
    if target == Target::Versions && order_by.is_empty() {
        then(Attribute::LastUpdatedTimestamp, false);
    }
    if target == Target::Logged {
        then(Attribute::CreationTimestamp, false);
        then(Attribute::ModelId, true);
        return Ok(order);
    }
    then(Attribute::Name, true);
    if target == Target::Versions {
        then(Attribute::VersionNumber, false);
    }
    Ok(order)
}

fn parse_order_part(target: Target, raw: &str) -> Result<Order, InvalidSearch> {
    let mut words = raw.split_whitespace();
    let key = words.next().unwrap_or_default();
    let is_ascending = match (
        words.next().map(str::to_ascii_uppercase).as_deref(),
        words.next(),
    ) {
        (None | Some("ASC"), None) => true,
        (Some("DESC"), None) => false,
        _ => return refuse(format!("Invalid order_by clause '{raw}'.")),
    };
    let bare = key.trim_matches(|c| matches!(c, '`' | '"'));
    let attribute = match (bare, target) {
        ("name", _) => Attribute::Name,
        ("version_number", Target::Versions) => Attribute::VersionNumber,
        ("creation_timestamp" | "creation_timestamp_ms" | "creation_time", Target::Logged)
        | ("creation_timestamp", Target::Versions) => Attribute::CreationTimestamp,
        ("model_id", Target::Logged) => Attribute::ModelId,
        ("last_updated_timestamp", _) | ("timestamp", Target::Models) => {
            Attribute::LastUpdatedTimestamp
        }
        _ => {
            return refuse(format!(
                "Invalid order by key '{key}' specified. Valid keys are {}",
                order_keys(target)
            ));
        }
    };
    Ok(Order {
        attribute,
        is_ascending,
    })
}

fn order_keys(target: Target) -> &'static str {
    match target {
        Target::Models => "'['name', 'last_updated_timestamp']'",
        Target::Logged => "{'creation_timestamp', 'last_updated_timestamp', 'model_id', 'name'}",
        Target::Versions => {
            "{'creation_timestamp', 'last_updated_timestamp', 'name', 'version_number'}"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(filter: &str) -> Result<Vec<Clause>, InvalidSearch> {
        parse_filter(Target::Versions, filter)
    }

    #[test]
    fn the_clients_own_filters_are_read() {
        let name = |value: &str| Clause {
            field: Field::Attribute(Attribute::Name),
            comparator: Comparator::Equal,
            value: Value::Text(value.to_owned()),
        };
        assert_eq!(versions("name='churn'").unwrap(), [name("churn")]);
        assert_eq!(versions("name = \"it's\"").unwrap(), [name("it's")]);
        let found = versions(
            "name like 'c%' AND tags.`a b` != 'x' and version_number >= 2 AND run_id IN ('a','b')",
        );
        assert_eq!(found.unwrap().len(), 4);
    }

    #[test]
    fn what_can_not_be_compared_is_refused() {
        for filter in [
            "name",
            "name =",
            "name = x",
            "name > 'a'",
            "tags.a = 1",
            "source_path IN ('a')",
            "= 'a'",
            "name = 'a' OR name = 'b'",
            "nam = 'a'",
            "foo.bar = 'a'",
            "name = 'a",
            "version_number = 'x'",
            "name = 'a' name",
        ] {
            assert!(versions(filter).is_err(), "{filter}");
        }
    }

    #[test]
    fn an_order_is_completed_to_an_unambiguous_one() {
        let order = parse_order(Target::Versions, &["creation_timestamp DESC".to_owned()]).unwrap();
        let attributes: Vec<_> = order
            .iter()
            .map(|part| (part.attribute, part.is_ascending))
            .collect();
        assert_eq!(
            attributes,
            [
                (Attribute::CreationTimestamp, false),
                (Attribute::Name, true),
                (Attribute::VersionNumber, false)
            ]
        );
        assert!(parse_order(Target::Models, &["version_number".to_owned()]).is_err());
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
}
