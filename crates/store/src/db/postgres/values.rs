//! Values on their way to PostgreSQL and back.

use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::statement::{Bulk, ColumnType};
use crate::{Columns, Param, Row, StoreError, Value};

type Refusal = Box<dyn std::error::Error + Sync + Send>;

/// A parameter, encoded as the type that the statement wants.
#[derive(Debug)]
pub(super) struct Bound<'p>(pub(super) &'p Param);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        match self.0 {
            Param::Null => Ok(IsNull::Yes),
            Param::Int(value) => integer(*value, ty, out),
            Param::Real(value) => value.to_sql(ty, out),
            Param::Text(value) => value.to_sql(ty, out),
            Param::Bytes(value) => value.to_sql(ty, out),
            Param::IntList(values) => values.to_sql(ty, out),
            Param::TextList(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an integer in the place of a double is small"
)]
fn integer(value: i64, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
    match *ty {
        Type::INT8 => value.to_sql(ty, out),
        Type::INT4 => i32::try_from(value)?.to_sql(ty, out),
        Type::INT2 => i16::try_from(value)?.to_sql(ty, out),
        Type::BOOL => (value != 0).to_sql(ty, out),
        Type::FLOAT8 => (value as f64).to_sql(ty, out),
        _ => Err(format!("an integer cannot become {ty}").into()),
    }
}

/// A row, the same as `SQLite` would give.
pub(super) fn read(statement: &str, row: &postgres::Row) -> Result<Row, StoreError> {
    let values: Result<Vec<Value>, postgres::Error> = row
        .columns()
        .iter()
        .enumerate()
        .map(|(index, column)| value(row, index, column.type_()))
        .collect();
    values.map(Row::new).map_err(|error| StoreError::Statement {
        statement: statement.to_owned(),
        reason: error.to_string(),
    })
}

fn value(row: &postgres::Row, index: usize, ty: &Type) -> Result<Value, postgres::Error> {
    let value = match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(index)?
            .map(|value| Value::Int(value.into())),
        Type::INT2 => row
            .try_get::<_, Option<i16>>(index)?
            .map(|value| Value::Int(value.into())),
        Type::BOOL => row
            .try_get::<_, Option<bool>>(index)?
            .map(|value| Value::Int(value.into())),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(index)?.map(Value::Real),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Bytes),
        // Anything that is not text by now makes the driver say so.
        _ => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}

impl Columns for postgres::Row {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.try_get(column).map_err(|_| not(column, "an integer"))
    }

    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(|_| not(column, "an integer"))
    }

    fn real(&self, column: usize) -> Result<f64, StoreError> {
        self.try_get(column).map_err(|_| not(column, "a number"))
    }

    fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.try_get(column).map_err(|_| not(column, "text"))
    }
}

const fn not(column: usize, expected: &'static str) -> StoreError {
    StoreError::Decode {
        column,
        expected,
        found: "something else",
    }
}

/// The rows of a bulk insert as one array per column.
pub(super) fn columns(
    bulk: &Bulk,
    rows: &[Vec<Param>],
) -> Result<Vec<Box<dyn ToSql + Sync>>, StoreError> {
    bulk.columns()
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().map(|row| row.get(index));
            let array: Option<Box<dyn ToSql + Sync>> = match column {
                ColumnType::Int => collect(cells, |cell| {
                    if let Param::Int(value) = cell {
                        Some(*value)
                    } else {
                        None
                    }
                }),
                ColumnType::Real => collect(cells, |cell| {
                    if let Param::Real(value) = cell {
                        Some(*value)
                    } else {
                        None
                    }
                }),
                ColumnType::Text => collect(cells, |cell| {
                    if let Param::Text(value) = cell {
                        Some(value.clone())
                    } else {
                        None
                    }
                }),
                ColumnType::Bytes => collect(cells, |cell| {
                    if let Param::Bytes(value) = cell {
                        Some(value.clone())
                    } else {
                        None
                    }
                }),
            };
            array.ok_or_else(|| StoreError::Statement {
                statement: bulk.name().to_owned(),
                reason: format!("column {index} holds a value that is not {column:?}"),
            })
        })
        .collect()
}

fn collect<'r, T: ToSql + Sync + 'static>(
    cells: impl Iterator<Item = Option<&'r Param>>,
    read: impl Fn(&Param) -> Option<T>,
) -> Option<Box<dyn ToSql + Sync>> {
    let array: Option<Vec<Option<T>>> = cells
        .map(|cell| match cell? {
            Param::Null => Some(None),
            other => read(other).map(Some),
        })
        .collect();
    array.map(|array| Box::new(array) as Box<dyn ToSql + Sync>)
}
