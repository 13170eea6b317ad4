//! Shapes as JSON Schema.

use serde_json::{Map, Value, json};

use super::{Field, Named, Shape};

pub(super) fn schema(shape: &'static Shape, named: &mut Named) -> Value {
    match shape {
        Shape::Text => json!({"type": "string"}),
        Shape::Sized(least, most) => {
            json!({"type": "string", "minLength": least, "maxLength": most})
        }
        Shape::Time => json!({"type": "string", "format": "date-time"}),
        Shape::OneOf(values) => json!({"type": "string", "enum": values}),
        Shape::Integer(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Number => json!({"type": "number"}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::List(of) => json!({"type": "array", "items": schema(of, named)}),
        Shape::Object(fields) => object(fields, named),
        Shape::Named(name, shape) => {
            named.insert(name, shape);
            json!({"$ref": format!("#/components/schemas/{name}")})
        }
        Shape::Nullable(of) => json!({"anyOf": [schema(of, named), {"type": "null"}]}),
        Shape::Any => json!({}),
    }
}

pub(super) fn object(fields: &'static [Field], named: &mut Named) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut shape = schema(&field.shape, named);
            if let (false, Some(shape)) = (field.about.is_empty(), shape.as_object_mut()) {
                shape.insert("description".to_owned(), field.about.into());
            }
            (field.name.to_owned(), shape)
        })
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.is_required)
        .map(|field| field.name)
        .collect();
    json!({"type": "object", "properties": properties, "required": required})
}
