//! A row as it comes back, the same from both databases.

use crate::StoreError;

/// A column's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// Any integer or boolean.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// A row that is being read, where it lies. Columns are counted from 0.
pub trait Columns {
    /// An integer or boolean.
    fn int(&self, column: usize) -> Result<i64, StoreError>;

    /// An integer or NULL.
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError>;

    /// A double.
    fn real(&self, column: usize) -> Result<f64, StoreError>;

    /// Text.
    fn text(&self, column: usize) -> Result<&str, StoreError>;
}

/// One row. Columns are counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Vec<Value>);

impl Row {
    /// A row of these columns.
    pub const fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// An integer.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?
            .ok_or_else(|| self.unexpected(column, "an integer"))
    }

    /// An integer or NULL.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(Some(*value)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.unexpected(column, "an integer")),
        }
    }

    /// A boolean, stored as 0 or 1.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        self.int(column).map(|value| value != 0)
    }

    /// A double.
    pub fn real(&self, column: usize) -> Result<f64, StoreError> {
        self.opt_real(column)?
            .ok_or_else(|| self.unexpected(column, "a number"))
    }

    /// A double or NULL.
    #[expect(
        clippy::cast_precision_loss,
        reason = "SQLite hands back a whole double as an integer only where it fits"
    )]
    pub fn opt_real(&self, column: usize) -> Result<Option<f64>, StoreError> {
        match self.0.get(column) {
            Some(Value::Real(value)) => Ok(Some(*value)),
            Some(Value::Int(value)) => Ok(Some(*value as f64)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.unexpected(column, "a number")),
        }
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.opt_text(column)?
            .ok_or_else(|| self.unexpected(column, "text"))
    }

    /// Text or NULL.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(Some(value.clone())),
            Some(Value::Null) => Ok(None),
            _ => Err(self.unexpected(column, "text")),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.opt_bytes(column)?
            .ok_or_else(|| self.unexpected(column, "bytes"))
    }

    /// Bytes or NULL.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match self.0.get(column) {
            Some(Value::Bytes(value)) => Ok(Some(value.clone())),
            Some(Value::Null) => Ok(None),
            _ => Err(self.unexpected(column, "bytes")),
        }
    }

    fn unexpected(&self, column: usize, expected: &'static str) -> StoreError {
        let found = self.0.get(column).map_or("no column", Value::kind);
        StoreError::Decode {
            column,
            expected,
            found,
        }
    }
}
