//! The pipelines that are built in, by the names under which `run` knows them.

/// A pipeline that is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltInPipeline {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// The pipeline that runs when none is named.
pub const MONTH_END: BuiltInPipeline =
    BuiltInPipeline { name: "month-end", text: include_str!("../../pipelines/month-end.toml") };

/// All of them.
pub const PIPELINES: [BuiltInPipeline; 4] = [
    MONTH_END,
    BuiltInPipeline { name: "audit-rerun", text: include_str!("../../pipelines/audit-rerun.toml") },
    BuiltInPipeline {
        name: "national-benchmark",
        text: include_str!("../../pipelines/national-benchmark.toml"),
    },
    BuiltInPipeline { name: "cluster", text: include_str!("../../pipelines/cluster.toml") },
];

/// Returns the pipeline of a name.
pub fn named(name: &str) -> Option<BuiltInPipeline> {
    PIPELINES.into_iter().find(|pipeline| pipeline.name == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::pipeline::Settings;

    #[test]
    fn every_pipeline_is_good_and_has_a_name_of_its_own() {
        for pipeline in PIPELINES {
            let read = Settings::parse(pipeline.text, Path::new(""));
            assert!(read.is_ok(), "{}: {read:?}", pipeline.name);
            assert_eq!(named(pipeline.name), Some(pipeline));
        }
        assert_eq!(named("month-end.toml"), None);
    }
}
