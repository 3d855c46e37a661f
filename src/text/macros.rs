//! The macros that make messages.

/// Makes a [`Text`](crate::text::Text) from an English wording and a value for each of its holes `{}`.
///
/// The wording is the key of its Chinese in `src/cli/lang/zh.toml`. A value has a type that implements
/// `Fill`(crate::text::Fill).
#[macro_export]
macro_rules! text {
    ($wording:literal $(, $value:expr)* $(,)?) => {{
        const VALUES: usize = <[&str]>::len(&[$(stringify!($value)),*]);
        const { assert!($crate::text::holes($wording) == VALUES, "one value for each hole") };
        $crate::text::Text::of($wording, vec![$($crate::text::Fill::fill(&$value)),*])
    }};
}

/// Implements `Fill` for types whose `Display` is the same in every language.
#[macro_export]
macro_rules! fill_by_display {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::text::Fill for $type {
            fn fill(&self) -> $crate::text::Value {
                $crate::text::Fill::fill(&self.to_string())
            }
        }
    )*};
}

/// Implements `Display` (in English), `Error` and `Fill` for an error whose wording is `fn text(&self)`.
#[macro_export]
macro_rules! worded {
    ($type:ty) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.text(), f)
            }
        }

        impl std::error::Error for $type {}

        impl $crate::text::Fill for $type {
            fn fill(&self) -> $crate::text::Value {
                $crate::text::Value::Text(self.text())
            }
        }
    };
}
