//! The benefit files that are built in, by the names under which `rules` prints them.

/// Each file: its name, and its text.
pub const BENEFITS: [(&str, &str); 15] = [
    ("benefits/beijing", include_str!("../../../pipelines/benefits/beijing.toml")),
    ("benefits/chengdu", include_str!("../../../pipelines/benefits/chengdu.toml")),
    ("benefits/chongqing", include_str!("../../../pipelines/benefits/chongqing.toml")),
    ("benefits/fuzhou", include_str!("../../../pipelines/benefits/fuzhou.toml")),
    ("benefits/guangzhou", include_str!("../../../pipelines/benefits/guangzhou.toml")),
    ("benefits/hanzhong", include_str!("../../../pipelines/benefits/hanzhong.toml")),
    ("benefits/jinhua", include_str!("../../../pipelines/benefits/jinhua.toml")),
    ("benefits/ningbo", include_str!("../../../pipelines/benefits/ningbo.toml")),
    ("benefits/shanghai", include_str!("../../../pipelines/benefits/shanghai.toml")),
    ("benefits/shangluo", include_str!("../../../pipelines/benefits/shangluo.toml")),
    ("benefits/shenzhen", include_str!("../../../pipelines/benefits/shenzhen.toml")),
    ("benefits/tianjin", include_str!("../../../pipelines/benefits/tianjin.toml")),
    ("benefits/wuhan", include_str!("../../../pipelines/benefits/wuhan.toml")),
    ("benefits/xian", include_str!("../../../pipelines/benefits/xian.toml")),
    ("benefits/yanan", include_str!("../../../pipelines/benefits/yanan.toml")),
];
