//! Domain rules of the registry and of API keys.
