//! Requests in MLflow's dialect: a JSON body, or the query string of a GET, with MLflow's own words for what is wrong.
//!
//! The real server parses into protobuf and, when that fails, reports the first parameter of its schema that is missing or of the
//! wrong type. So parameters are read one by one here, in the schema's order, and each knows its error.

use axum::extract::{FromRequest, Request};
use axum::http::Method;
use hokusai_core::text_limit::TextLimit;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::body::JsonBody;
use crate::error::ApiError;

/// The parameters of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    fields: Map<String, Value>,
    /// There was something, and it was no JSON object.
    is_unreadable: bool,
}

impl Params {
    /// Parameters from a JSON object. Of anything else the first parameter that must be there is missing, as at the real server; where
    /// none must be, it is refused rather than taken for a request that says nothing.
    pub fn from_json(body: &[u8]) -> Self {
        let fields = match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Some(fields),
            // Old clients encode twice.
            Ok(Value::String(inner)) => serde_json::from_str(&inner).ok(),
            Ok(Value::Null) => Some(Map::new()),
            _ => body.is_empty().then(Map::new),
        };
        Self {
            is_unreadable: fields.is_none(),
            fields: fields.unwrap_or_default(),
        }
    }

    /// Parameters from a query string; a name that occurs twice becomes a list.
    pub fn from_query(query: &str) -> Result<Self, ApiError> {
        let mut map = Map::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = Value::String(decode(value)?);
            match map.entry(decode(name)?) {
                serde_json::map::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                    Value::Array(values) => values.push(value),
                    first => *first = Value::Array(vec![first.take(), value]),
                },
            }
        }
        Ok(Self::of(map))
    }

    fn of(fields: Map<String, Value>) -> Self {
        Self {
            fields,
            is_unreadable: false,
        }
    }

    /// The raw value; JSON null counts as absent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A string that must be there and not be empty.
    pub fn required_str(&self, name: &str) -> Result<String, ApiError> {
        if self.is_unreadable {
            return Err(missing(name));
        }
        self.opt_str(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| missing(name))
    }

    /// A string.
    pub fn opt_str(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.readable(name)? {
            None => Ok(None),
            Some(Value::String(text)) => without_nul(name, text).map(Some),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// A string of bounded length.
    pub fn opt_text(&self, name: &str, limit: TextLimit) -> Result<Option<String>, ApiError> {
        let text = self.opt_str(name)?;
        if let Some(text) = &text {
            limit
                .check(name, text)
                .map_err(|error| ApiError::invalid(error.to_string()))?;
        }
        Ok(text)
    }

    /// The raw value, of a request that could be read.
    fn readable(&self, name: &str) -> Result<Option<&Value>, ApiError> {
        if self.is_unreadable {
            return Err(ApiError::invalid(format!(
                "the body is not a JSON object in UTF-8, so '{name}' cannot be read from it"
            )));
        }
        Ok(self.value(name))
    }

    /// The run's id, under either of its names.
    pub fn run_id(&self) -> Result<String, ApiError> {
        if self.is_unreadable {
            return Err(missing("run_id"));
        }
        if let Some(id) = self.opt_str("run_id")?.filter(|id| !id.is_empty()) {
            return Ok(id);
        }
        self.opt_str("run_uuid")?
            .filter(|id| !id.is_empty())
            .ok_or_else(|| missing("run_id"))
    }

    /// An integer that must be there; as in protobuf's JSON, a string of digits is one too.
    pub fn required_i64(&self, name: &str) -> Result<i64, ApiError> {
        self.opt_i64(name)?.ok_or_else(|| missing(name))
    }

    /// An integer.
    pub fn opt_i64(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.readable(name)?
            .map(|value| as_i64(value).ok_or_else(|| wrong_type(name, value)))
            .transpose()
    }

    /// A number; `"NaN"`, `"Infinity"` and `"-Infinity"` are numbers in protobuf's JSON.
    pub fn opt_f64(&self, name: &str) -> Result<Option<f64>, ApiError> {
        self.readable(name)?
            .map(|value| as_f64(value).ok_or_else(|| wrong_type(name, value)))
            .transpose()
    }

    /// A boolean; in a query string `true` or `false`.
    pub fn opt_bool(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.readable(name)? {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// A list of strings, empty when absent.
    pub fn str_list(&self, name: &str) -> Result<Vec<String>, ApiError> {
        match self.readable(name)? {
            None => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![without_nul(name, one)?]),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| {
                    let text = value.as_str().ok_or_else(|| wrong_type(name, value))?;
                    without_nul(name, text)
                })
                .collect(),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// A list of objects, empty when absent; the objects are read as parameters are.
    pub fn objects(&self, name: &str) -> Result<Vec<Self>, ApiError> {
        match self.readable(name)? {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| {
                    value
                        .as_object()
                        .cloned()
                        .map(Self::of)
                        .ok_or_else(|| wrong_type(name, value))
                })
                .collect(),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// An object.
    pub fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.readable(name)? {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self::of(map.clone()))),
            Some(other) => Err(wrong_type(name, other)),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if request.method() == Method::GET {
            return Self::from_query(request.uri().query().unwrap_or_default());
        }
        let body = JsonBody::from_request(request, state).await?;
        Ok(Self::from_json(&body.0))
    }
}

/// Parameters from the query string, whatever the method; a query that cannot be read is refused in our words, not in the framework's.
#[derive(Clone, Debug)]
pub struct QueryParams(pub Params);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for QueryParams {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _state: &S,
    ) -> Result<Self, Self::Rejection> {
        Params::from_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// "Missing value for required parameter": MLflow's clients match on it.
pub fn missing(name: &str) -> ApiError {
    ApiError::invalid(format!(
        "Missing value for required parameter '{name}'.{SEE_DOCS}"
    ))
}

/// "Invalid value … for parameter": MLflow's clients match on it.
pub fn wrong_type(name: &str, value: &Value) -> ApiError {
    let kind = match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    };
    ApiError::invalid(format!(
        "Invalid value {value} for parameter '{name}' supplied:  Hint: Value was of type '{kind}'.{SEE_DOCS}"
    ))
}

fn as_i64(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and far inside the range of i64"
)]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
}

fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            other => other.parse().ok().filter(|number: &f64| number.is_finite()),
        },
        _ => None,
    }
}

/// PostgreSQL takes no NUL in a text, and nobody has a reason to send one.
fn without_nul(name: &str, text: &str) -> Result<String, ApiError> {
    if text.contains('\0') {
        return Err(ApiError::invalid(format!(
            "parameter '{name}' must not contain NUL characters"
        )));
    }
    Ok(text.to_owned())
}

fn decode(text: &str) -> Result<String, ApiError> {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| {
            ApiError::invalid(
                "the query string is not UTF-8 once its percent signs are decoded: encode each value as UTF-8",
            )
        })
}

const SEE_DOCS: &str = " See the API docs for more information about request parameters.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_empty_parameter_says_so() {
        for body in ["{}", r#"{"name": ""}"#, r#"{"name": null}"#, "not json"] {
            let error = Params::from_json(body.as_bytes())
                .required_str("name")
                .unwrap_err();
            assert!(
                error
                    .message()
                    .starts_with("Missing value for required parameter 'name'."),
                "{body}"
            );
        }
    }

    #[test]
    fn a_wrong_type_shows_the_value_and_its_type() {
        let error = Params::from_json(br#"{"name": 123}"#)
            .required_str("name")
            .unwrap_err();
        assert!(
            error
                .message()
                .starts_with("Invalid value 123 for parameter 'name' supplied"),
            "{}",
            error.message()
        );
    }

    #[test]
    fn integers_may_be_strings() {
        let params = Params::from_json(br#"{"a": "12", "b": 13, "c": 14.0, "d": "x"}"#);
        assert_eq!(params.opt_i64("a").unwrap(), Some(12));
        assert_eq!(params.opt_i64("b").unwrap(), Some(13));
        assert_eq!(params.opt_i64("c").unwrap(), Some(14));
        assert!(params.opt_i64("d").is_err());
    }

    #[test]
    fn a_repeated_query_parameter_is_a_list() {
        let params = Params::from_query("a=1&a=2&b=x+y%2Fz").unwrap();
        assert_eq!(params.str_list("a").unwrap(), ["1", "2"]);
        assert_eq!(params.required_str("b").unwrap(), "x y/z");
    }

    #[test]
    fn what_is_no_object_is_refused_even_where_nothing_must_be_there() {
        for body in ["{", "[]", "7", "\"x\"", "{} x"] {
            let params = Params::from_json(body.as_bytes());
            assert!(params.opt_str("name").is_err(), "{body}");
            assert!(params.opt_i64("name").is_err(), "{body}");
            assert!(params.objects("name").is_err(), "{body}");
        }
        for body in ["", "null", "{}", "\"{}\""] {
            let params = Params::from_json(body.as_bytes());
            assert_eq!(params.opt_str("name").unwrap(), None, "{body}");
        }
    }

    #[test]
    fn a_query_that_is_no_text_is_refused() {
        for query in ["a=%ff", "%ff=a", "a=%c3%28"] {
            assert!(Params::from_query(query).is_err(), "{query}");
        }
    }

    #[test]
    fn nan_and_infinities_are_numbers() {
        let params = Params::from_json(br#"{"a": "NaN", "b": "-Infinity", "c": "1e400"}"#);
        assert!(params.opt_f64("a").unwrap().unwrap().is_nan());
        assert_eq!(params.opt_f64("b").unwrap(), Some(f64::NEG_INFINITY));
        assert!(params.opt_f64("c").is_err());
    }
}
