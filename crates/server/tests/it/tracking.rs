//! Experiments, runs and metrics, as MLflow's client sees them.

use serde_json::{Value, json};

use crate::app::App;

const NOW: i64 = 1_700_000_000_000;

async fn post(app: &App, path: &str, body: Value) -> Value {
    app.call("POST", path, body).await.ok()
}

async fn refused(app: &App, path: &str, body: Value) -> (u16, String, String) {
    app.call("POST", path, body).await.error()
}

async fn run(app: &App) -> String {
    let created = post(
        app,
        "runs/create",
        json!({"experiment_id": "0", "start_time": 5, "run_name": "first"}),
    )
    .await;
    created["run"]["info"]["run_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn read(app: &App, run_id: &str) -> Value {
    app.call("GET", "runs/get", json!({"run_id": run_id}))
        .await
        .ok()["run"]
        .clone()
}

#[tokio::test]
async fn an_experiment_is_created_read_renamed_deleted_and_restored() {
    let app = App::new();
    let name = "churn";
    let id = post(&app, "experiments/create", json!({"name": name})).await["experiment_id"].clone();
    let expected = json!({"experiment": {
        "experiment_id": id, "name": name, "artifact_location": "mlflow-artifacts:/1",
        "lifecycle_stage": "active", "last_update_time": NOW, "creation_time": NOW,
        "workspace": "default"}});
    let get = async || {
        app.call("GET", "experiments/get", json!({"experiment_id": id}))
            .await
            .ok()
    };
    assert_eq!(get().await, expected);
    let taken = refused(&app, "experiments/create", json!({"name": name})).await;
    assert_eq!(
        (taken.0, taken.1.as_str()),
        (400, "RESOURCE_ALREADY_EXISTS")
    );
    let this = json!({"experiment_id": id});
    post(
        &app,
        "experiments/update",
        json!({"experiment_id": id, "new_name": "loss"}),
    )
    .await;
    post(&app, "experiments/delete", this.clone()).await;
    let again = refused(&app, "experiments/delete", this.clone()).await;
    assert_eq!(
        again,
        (
            404,
            "RESOURCE_DOES_NOT_EXIST".to_owned(),
            "No Experiment with id=1 exists".to_owned()
        )
    );
    let dead = refused(&app, "runs/create", this.clone()).await;
    assert_eq!(
        dead.2,
        "The experiment 1 must be in the 'active' state. Current state is deleted."
    );
    post(&app, "experiments/restore", this).await;
    assert_eq!(get().await["experiment"]["name"], "loss");
}

#[tokio::test]
async fn what_a_run_logs_is_read_back_and_what_is_empty_is_left_out() {
    let app = App::new();
    let id = run(&app).await;
    let empty = read(&app, &id).await;
    assert_eq!(
        empty["data"],
        json!({"tags": [{"key": "mlflow.runName", "value": "first"}]})
    );
    assert_eq!(
        (&empty["inputs"], &empty["outputs"]),
        (&json!({}), &json!({}))
    );
    assert!(empty["info"].get("end_time").is_none());
    let metrics = json!([
        {"key": "loss", "value": 0, "timestamp": 0, "step": 0},
        {"key": "loss", "value": "NaN", "timestamp": "3", "step": 2},
        {"key": "top", "value": "Infinity", "timestamp": 1},
    ]);
    let batch = json!({"run_id": id, "metrics": metrics, "params": [{"key": "lr", "value": "0.1"}],
        "tags": [{"key": "mlflow.runName", "value": "second"}, {"key": "a", "value": ""}]});
    assert_eq!(post(&app, "runs/log-batch", batch).await, json!({}));
    let found = read(&app, &id).await;
    assert_eq!(found["info"]["run_name"], "second");
    assert_eq!(
        found["data"],
        json!({
            "metrics": [
                {"key": "loss", "value": "NaN", "timestamp": 3, "step": 2},
                {"key": "top", "value": f64::MAX, "timestamp": 1, "step": 0}],
            "params": [{"key": "lr", "value": "0.1"}],
            "tags": [{"key": "a", "value": ""}, {"key": "mlflow.runName", "value": "second"}]})
    );
}

#[tokio::test]
async fn a_batch_with_a_changed_param_leaves_nothing_behind() {
    let app = App::new();
    let id = run(&app).await;
    post(
        &app,
        "runs/log-parameter",
        json!({"run_id": id, "key": "lr", "value": "0.1"}),
    )
    .await;
    post(
        &app,
        "runs/log-parameter",
        json!({"run_id": id, "key": "lr", "value": "0.1"}),
    )
    .await;
    let batch = json!({"run_id": id, "params": [{"key": "new", "value": "1"}, {"key": "lr", "value": "2"}],
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}]});
    let (status, code, message) = refused(&app, "runs/log-batch", batch).await;
    assert_eq!((status, code.as_str()), (400, "INVALID_PARAMETER_VALUE"));
    assert!(
        message.contains("[{'key': 'lr', 'old_value': '0.1', 'new_value': '2'}]"),
        "{message}"
    );
    let data = read(&app, &id).await["data"].clone();
    assert_eq!(data["params"], json!([{"key": "lr", "value": "0.1"}]));
    assert!(data.get("metrics").is_none());
}

#[tokio::test]
async fn values_come_back_to_the_last_bit() {
    let app = App::new();
    let id = run(&app).await;
    let values = [0.944_670_670_414_522_5, 0.1 + 0.2, 1.0e-300 / 3.0, f64::MAX];
    for (step, value) in values.iter().enumerate() {
        let point = json!({"run_id": id, "key": "m", "value": value, "timestamp": 1, "step": step});
        post(&app, "runs/log-metric", point).await;
    }
    let query = json!({"run_id": id, "metric_key": "m"});
    let history = app.call("GET", "metrics/get-history", query).await.ok();
    let points = history["metrics"].as_array().unwrap();
    let read: Vec<_> = points
        .iter()
        .map(|point| point["value"].as_f64().unwrap())
        .collect();
    assert_eq!(read, values);
}

#[tokio::test]
async fn history_comes_in_pages_in_the_order_of_time_and_a_duplicate_is_stored_once() {
    let app = App::new();
    let id = run(&app).await;
    for (step, timestamp) in [(0, 2), (1, 1), (1, 1), (2, 3)] {
        let point =
            json!({"run_id": id, "key": "m", "value": step, "timestamp": timestamp, "step": step});
        post(&app, "runs/log-metric", point).await;
    }
    let page = async |token: &str| {
        let query = json!({"run_id": id, "metric_key": "m", "max_results": 2, "page_token": token});
        app.call("GET", "metrics/get-history", query).await.ok()
    };
    let times = |page: &Value| -> Vec<i64> {
        let points = page["metrics"].as_array().unwrap();
        points
            .iter()
            .map(|point| point["timestamp"].as_i64().unwrap())
            .collect()
    };
    let first = page("").await;
    assert_eq!(times(&first), [1, 2]);
    let second = page(first["next_page_token"].as_str().unwrap()).await;
    assert_eq!(times(&second), [3]);
    assert!(second.get("next_page_token").is_none());
    let none = json!({"run_id": id, "metric_key": "other"});
    assert_eq!(
        app.call("GET", "metrics/get-history", none).await.ok(),
        json!({})
    );
    let bulk = json!({"run_id": id, "metric_key": "m"});
    let bulk = app.call("GET", "metrics/get-history-bulk", bulk).await.ok();
    assert_eq!(bulk["metrics"][0]["run_id"], json!(id));
}

#[tokio::test]
async fn a_deleted_run_takes_nothing_until_it_is_restored() {
    let app = App::new();
    let id = run(&app).await;
    let this = json!({"run_id": id});
    post(
        &app,
        "runs/update",
        json!({"run_id": id, "status": "FINISHED", "end_time": 9}),
    )
    .await;
    post(&app, "runs/delete", this.clone()).await;
    let point = json!({"run_id": id, "key": "m", "value": 1, "timestamp": 1});
    let (_, _, message) = refused(&app, "runs/log-metric", point.clone()).await;
    assert_eq!(
        message,
        format!("The run {id} must be in the 'active' state. Current state is deleted.")
    );
    post(&app, "runs/restore", this).await;
    post(&app, "runs/log-metric", point).await;
    let info = read(&app, &id).await["info"].clone();
    assert_eq!(
        (&info["status"], &info["end_time"], &info["lifecycle_stage"]),
        (&json!("FINISHED"), &json!(9), &json!("active"))
    );
}

#[tokio::test]
async fn tags_are_set_and_deleted_and_one_that_is_not_there_is_named() {
    let app = App::new();
    let id = run(&app).await;
    let tag = json!({"run_id": id, "key": "k", "value": "v"});
    post(&app, "runs/set-tag", tag.clone()).await;
    post(&app, "runs/delete-tag", tag.clone()).await;
    let (status, code, message) = refused(&app, "runs/delete-tag", tag).await;
    assert_eq!((status, code.as_str()), (404, "RESOURCE_DOES_NOT_EXIST"));
    assert_eq!(message, format!("No tag with name: k in run with id {id}"));
}

#[tokio::test]
async fn inputs_and_outputs_are_shown_with_the_run() {
    let app = App::new();
    let id = run(&app).await;
    let dataset = json!({"name": "iris", "digest": "abc", "source_type": "local", "source": "{}"});
    let inputs = json!({"run_id": id, "models": [{"model_id": "m-1"}],
        "datasets": [{"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset}]});
    post(&app, "runs/log-inputs", inputs.clone()).await;
    post(&app, "runs/log-inputs", inputs).await;
    let outputs = json!({"run_id": id, "models": [{"model_id": "m-2", "step": 3}]});
    post(&app, "runs/outputs", outputs).await;
    let found = read(&app, &id).await;
    assert_eq!(
        found["inputs"],
        json!({"dataset_inputs": [{"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset}],
            "model_inputs": [{"model_id": "m-1"}]})
    );
    assert_eq!(
        found["outputs"],
        json!({"model_outputs": [{"model_id": "m-2", "step": 3}]})
    );
}

#[tokio::test]
async fn older_clients_keep_their_models_in_a_tag() {
    let app = App::new();
    let id = run(&app).await;
    let model = json!({"artifact_path": "model", "flavors": {"python": {"config": {}, "a": 1}},
        "utc_time_created": "t", "run_id": id, "other": 1});
    for _ in 0..2 {
        let body = json!({"run_id": id, "model_json": model.to_string()});
        post(&app, "runs/log-model", body).await;
    }
    let tags = read(&app, &id).await["data"]["tags"].clone();
    let history: Value = serde_json::from_str(tags[0]["value"].as_str().unwrap()).unwrap();
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(history[0]["flavors"], json!({"python": {"a": 1}}));
}

/// Five runs: alpha to epsilon, started at 100 to 500.
async fn five(app: &App) {
    let metric = |value: &str| json!({"key": "acc", "value": value, "timestamp": 1});
    for (start, name, params, tags, metrics) in [
        (
            100,
            "alpha",
            json!([{"key": "lr", "value": "0.1"}]),
            json!([{"key": "team", "value": "Red"}]),
            json!([metric("0.5")]),
        ),
        (
            200,
            "beta",
            json!([{"key": "lr", "value": "0.01"}]),
            json!([{"key": "team", "value": "50%"}]),
            json!([metric("0.9")]),
        ),
        (
            300,
            "gamma",
            json!([{"key": "opt name", "value": "Adam"}]),
            json!([]),
            json!([metric("NaN")]),
        ),
        (
            400,
            "delta",
            json!([]),
            json!([{"key": "a.b", "value": "x_y"}]),
            json!([]),
        ),
        (
            500,
            "epsilon",
            json!([{"key": "lr", "value": "0.1"}]),
            json!([]),
            json!([metric("0.7")]),
        ),
    ] {
        let new = json!({"experiment_id": "0", "start_time": start, "run_name": name});
        let run = post(app, "runs/create", new).await["run"]["info"]["run_id"].clone();
        let batch = json!({"run_id": run, "params": params, "tags": tags, "metrics": metrics});
        post(app, "runs/log-batch", batch).await;
    }
}

async fn names(app: &App, filter: &str, order_by: &[&str]) -> Vec<String> {
    let request = json!({"experiment_ids": ["0"], "filter": filter, "order_by": order_by});
    let found = post(app, "runs/search", request).await;
    let runs = found["runs"].as_array().cloned().unwrap_or_default();
    let name = |run: &Value| run["info"]["run_name"].as_str().unwrap().to_owned();
    runs.iter().map(name).collect()
}

#[tokio::test]
async fn filters_find_the_runs_that_match() {
    let app = App::new();
    five(&app).await;
    for (filter, expected) in [
        ("", &["alpha", "beta", "gamma", "delta", "epsilon"][..]),
        ("metrics.acc > 0.5", &["beta", "epsilon"]),
        ("metrics.acc >= 0.5", &["alpha", "beta", "epsilon"]),
        ("metrics.acc != 0.5", &["beta", "gamma", "epsilon"]),
        ("metrics.nothing > 0", &[]),
        (
            "metrics.acc < 1 and params.lr = '0.1'",
            &["alpha", "epsilon"],
        ),
        ("params.lr != '0.1'", &["beta"]),
        ("params.lr LIKE '0.0%'", &["beta"]),
        ("params.\"opt name\" LIKE 'a%'", &[]),
        ("params.`opt name` ILIKE 'a%'", &["gamma"]),
        ("params.lr IS NULL", &["gamma", "delta"]),
        ("tags.team IS NOT NULL", &["alpha", "beta"]),
        ("tags.team = '50%'", &["beta"]),
        ("tags.team LIKE '50\\%'", &[]),
        ("tags.`a.b` LIKE 'x_y'", &["delta"]),
        (
            "attributes.start_time >= 200 AND created <= 300.5",
            &["beta", "gamma"],
        ),
        ("run_name LIKE '%ta'", &["beta", "delta"]),
        (
            "status = 'RUNNING' AND tags.mlflow.runName = 'beta'",
            &["beta"],
        ),
    ] {
        assert_eq!(
            names(&app, filter, &["start_time"]).await,
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn an_order_puts_nan_and_then_what_is_not_there_last() {
    let app = App::new();
    five(&app).await;
    for (order_by, expected) in [
        (&[][..], ["epsilon", "delta", "gamma", "beta", "alpha"]),
        (
            &["metrics.acc"],
            ["alpha", "epsilon", "beta", "gamma", "delta"],
        ),
        (
            &["metrics.acc DESC"],
            ["beta", "epsilon", "alpha", "gamma", "delta"],
        ),
        (
            &["params.lr", "start_time"],
            ["beta", "alpha", "epsilon", "gamma", "delta"],
        ),
        (
            &["tags.team DESC"],
            ["alpha", "beta", "epsilon", "delta", "gamma"],
        ),
        (
            &["run_name"],
            ["alpha", "beta", "delta", "epsilon", "gamma"],
        ),
    ] {
        assert_eq!(names(&app, "", order_by).await, expected, "{order_by:?}");
    }
}

#[tokio::test]
async fn a_search_pages_through_every_run_once() {
    let app = App::new();
    five(&app).await;
    let mut token = String::new();
    let mut found = Vec::new();
    loop {
        let request = json!({"experiment_ids": ["0"], "max_results": 2, "order_by": ["start_time"], "page_token": token});
        let page = post(&app, "runs/search", request).await;
        found.extend(
            page["runs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|run| run["info"]["start_time"].clone()),
        );
        let Some(next) = page["next_page_token"].as_str() else {
            break;
        };
        token = next.to_owned();
    }
    assert_eq!(found, [100, 200, 300, 400, 500].map(Value::from));
    let none = post(&app, "runs/search", json!({"experiment_ids": []})).await;
    assert_eq!(none, json!({}));
}

#[tokio::test]
async fn datasets_are_found_by_name_digest_and_context() {
    let app = App::new();
    let id = run(&app).await;
    let inputs = json!({"run_id": id, "datasets": [{"tags": [{"key": "mlflow.data.context", "value": "tr_ain"}],
        "dataset": {"name": "iris", "digest": "abc", "source_type": "local", "source": "{}"}}]});
    post(&app, "runs/log-inputs", inputs).await;
    for (filter, is_found) in [
        ("dataset.name = 'iris'", true),
        (
            "dataset.digest IN ('abc', 'x') AND dataset.context = 'tr_ain'",
            true,
        ),
        ("dataset.context = 'train'", false),
        ("dataset.context != 'train'", true),
        ("dataset.context LIKE 'tr%'", true),
        ("dataset.context NOT IN ('tr_ain')", false),
        ("dataset.name LIKE 'I%'", false),
        ("dataset.name ILIKE 'I%'", true),
    ] {
        assert_eq!(
            !names(&app, filter, &[]).await.is_empty(),
            is_found,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn experiments_are_searched_by_name_tag_and_lifecycle() {
    let app = App::new();
    for name in ["e a", "e b", "f c"] {
        let tags = json!([{"key": "team", "value": name}]);
        post(
            &app,
            "experiments/create",
            json!({"name": name, "tags": tags}),
        )
        .await;
    }
    post(&app, "experiments/delete", json!({"experiment_id": "2"})).await;
    let names = async |filter: &str, view: &str| {
        let request = json!({"filter": filter, "view_type": view, "max_results": 10, "order_by": ["name DESC"]});
        let found = post(&app, "experiments/search", request).await;
        let found = found["experiments"].as_array().cloned().unwrap_or_default();
        found
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("name LIKE 'e%'", "ALL").await, ["e b", "e a"]);
    assert_eq!(names("name LIKE 'e%'", "ACTIVE_ONLY").await, ["e a"]);
    assert_eq!(names("tags.team ILIKE '%B'", "DELETED_ONLY").await, ["e b"]);
    assert_eq!(
        names("experiment_id IN ('1', '3')", "ALL").await,
        ["f c", "e a"]
    );
    let (status, _, message) = refused(&app, "experiments/search", json!({})).await;
    assert_eq!(
        (status, message.as_str()),
        (
            400,
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"
        )
    );
}

#[tokio::test]
async fn pages_by_a_metric_join_to_the_whole_order() {
    let app = App::new();
    five(&app).await;
    for order in ["metrics.acc", "metrics.acc DESC"] {
        let whole = names(&app, "tags.mlflow.runName != 'beta'", &[order]).await;
        let mut token = String::new();
        let mut found = Vec::new();
        loop {
            let request = json!({"experiment_ids": ["0"], "max_results": 1, "order_by": [order],
                "filter": "tags.mlflow.runName != 'beta'", "page_token": token});
            let page = post(&app, "runs/search", request).await;
            let name = page["runs"][0]["info"]["run_name"].as_str().unwrap();
            found.push(name.to_owned());
            let Some(next) = page["next_page_token"].as_str() else {
                break;
            };
            token = next.to_owned();
        }
        assert_eq!(found, whole, "{order}");
    }
}
