//! `keygen`: a pair of keys, made whole or not at all.

use std::fs;

use crate::{
    signing::{ALGORITHMS, keygen, liangqing, text},
    world::{World, tree},
};

#[test]
fn a_pair_of_keys_is_made_whole_or_not_at_all() {
    for algorithm in ALGORITHMS {
        let world = World::new();
        let (key, _) = keygen(&world, "agency", algorithm);
        let again = || {
            let ran = liangqing(&["keygen", "--out", text(&key), "--algorithm", algorithm]);
            assert!(ran.expect(2).stderr.contains("is not replaced"));
        };
        let before = tree(&world.path(""));
        again();
        assert_eq!(tree(&world.path("")), before);
        fs::remove_file(&key).expect("removed");
        let before = tree(&world.path(""));
        again();
        assert_eq!(tree(&world.path("")), before, "half a pair was made");
        // A link that leads nowhere is in the way as well.
        fs::remove_file(world.path("agency.pub")).expect("removed");
        std::os::unix::fs::symlink("nowhere", world.path("agency.pub")).expect("linked");
        let ran = liangqing(&["keygen", "--out", text(&key), "--algorithm", algorithm]).expect(2);
        assert!(ran.stderr.contains("agency.pub is a link"), "{}", ran.stderr);
        assert!(!key.exists() && !world.path("nowhere").exists());
        liangqing(&["keygen", "--out", text(&world.path("no/agency"))]).expect(6);
    }
}
