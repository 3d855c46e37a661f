//! The plan of the house: folders are floors, an import goes down or stays in its folder, and nothing goes in a circle.
//!
//! The floors are the table in `src/lib.rs`, which `docs/architecture.md` shows too. Every path of every source file
//! is looked at, also where it stands without a `use` or within a macro. Tests may look at everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::world::root;

/// Source files by their module, such as `ingest::rows`; the text of each.
type Sources = BTreeMap<String, String>;
/// For each module the modules that it names.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Collects the paths of a file that lead to other modules of the crate.
struct Paths<'a> {
    /// The module that is read, with the modules inside of the file that are being read.
    module: Vec<String>,
    /// The modules that the file declares.
    children: BTreeSet<String>,
    sources: &'a Sources,
    found: BTreeSet<String>,
}

impl Paths<'_> {
    /// Takes a path; `segments` is what stands between its colons.
    fn take(&mut self, segments: &[String]) {
        let Some(first) = segments.first() else { return };
        let mut absolute = self.module.clone();
        let rest = match first.as_str() {
            "crate" => {
                absolute.clear();
                &segments[1..]
            }
            "self" => &segments[1..],
            "super" => {
                let up = segments.iter().take_while(|segment| *segment == "super").count();
                absolute.truncate(absolute.len().saturating_sub(up));
                &segments[up..]
            }
            child if segments.len() > 1 && self.children.contains(child) => segments,
            _ => return,
        };
        absolute.extend_from_slice(rest);
        let modules = (1..=absolute.len()).rev().map(|length| absolute[..length].join("::"));
        self.found.extend(modules.into_iter().find(|module| self.sources.contains_key(module)));
    }

    fn take_use(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        let length = before.len();
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.take_use(&path.tree, before);
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.take_use(tree, before));
            }
            syn::UseTree::Name(name) => {
                if name.ident != "self" {
                    before.push(name.ident.to_string());
                }
                self.take(before);
            }
            syn::UseTree::Rename(name) => {
                if name.ident != "self" {
                    before.push(name.ident.to_string());
                }
                self.take(before);
            }
            syn::UseTree::Glob(_) => self.take(before),
        }
        before.truncate(length);
    }

    /// Takes the paths among the tokens of a macro.
    fn take_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.take(&std::mem::take(&mut path));
                    }
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.take(&std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.take_tokens(group.stream());
                    }
                }
            }
        }
        self.take(&path);
    }
}

/// The names of types that a file declares; tests may use any.
fn types(items: &[syn::Item]) -> Vec<String> {
    let named = |item: &syn::Item| match item {
        syn::Item::Struct(item) => vec![item.ident.to_string()],
        syn::Item::Enum(item) => vec![item.ident.to_string()],
        syn::Item::Trait(item) => vec![item.ident.to_string()],
        syn::Item::Type(item) => vec![item.ident.to_string()],
        syn::Item::Mod(module) if !is_for_tests(&module.attrs) => {
            types(module.content.as_ref().map_or(&[], |(_, items)| items))
        }
        _ => Vec::new(),
    };
    items.iter().flat_map(named).collect()
}

/// The types that have their name from another one, with the files of both.
fn namesakes(sources: &Sources) -> Vec<String> {
    let mut homes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (module, text) in sources {
        let file = syn::parse_file(text).expect("Rust");
        if !is_for_tests(&file.attrs) {
            for name in types(&file.items) {
                homes.entry(name).or_default().push(module);
            }
        }
    }
    homes.retain(|_, homes| homes.len() > 1);
    homes.into_iter().map(|(name, homes)| format!("{name}: {}", homes.join(", "))).collect()
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let is_test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.module.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.take_use(&item.tree, &mut Vec::new());
    }

    // `pub(in crate::x)` leads nowhere.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.take(&path.segments.iter().map(|part| part.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.take_tokens(call.tokens.clone());
    }
}

/// What each module names of the others. `lib.rs` names all of them, and tests may.
fn arrows(sources: &Sources) -> Arrows {
    let mut arrows = Arrows::new();
    for (module, text) in sources.iter().filter(|(module, _)| !module.is_empty()) {
        if module.rsplit("::").next() == Some("tests") {
            continue;
        }
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module}: {error}"));
        let declared = file.items.iter().filter_map(|item| match item {
            syn::Item::Mod(item) if item.content.is_none() && !is_for_tests(&item.attrs) => {
                Some(item.ident.to_string())
            }
            _ => None,
        });
        let children = declared.collect();
        let path = module.split("::").map(str::to_owned).collect();
        let mut paths = Paths { module: path, children, sources, found: BTreeSet::new() };
        paths.visit_file(&file);
        paths.found.remove(module);
        arrows.insert(module.clone(), paths.found);
    }
    arrows
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

/// The imports that go up, or to another room of the same floor.
fn upward(arrows: &Arrows, floors: &[Vec<String>]) -> Vec<String> {
    let floor = |module: &str| {
        let found = floors.iter().position(|rooms| rooms.iter().any(|name| name == room(module)));
        found.unwrap_or_else(|| panic!("{module} is on no floor of the table in src/lib.rs"))
    };
    let all = arrows.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    all.filter(|(from, to)| room(from) != room(to) && floor(from) <= floor(to))
        .map(|(from, to)| {
            format!("{from} (floor {}) names {to} (floor {})", floor(from) + 1, floor(to) + 1)
        })
        .collect()
}

/// The circles: each a list of modules of which everyone leads to everyone.
fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reached = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&String> = arrows.get(start).into_iter().flatten().collect();
        while let Some(module) = waiting.pop() {
            if reached.insert(module.clone()) {
                waiting.extend(arrows.get(module).into_iter().flatten());
            }
        }
        reached
    };
    let reached: Arrows = arrows.keys().map(|module| (module.clone(), reached(module))).collect();
    let leads = |from: &String, to: &String| reached.get(from).is_some_and(|all| all.contains(to));
    let in_circles = reached.keys().filter(|module| leads(module, module));
    let circle = |module: &String| -> Vec<String> {
        let others = reached.keys().filter(|other| leads(module, other) && leads(other, module));
        others.cloned().collect()
    };
    let all: BTreeSet<Vec<String>> = in_circles.map(circle).collect();
    all.into_iter().collect()
}

/// The floors of the table whose first column is `floor`, ground first; the second column has the rooms.
fn floors(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().map(|line| line.trim_start_matches("//!").trim());
    let rows = lines
        .skip_while(|line| !line.starts_with("| floor |"))
        .take_while(|line| line.starts_with('|'));
    let rows = rows.filter_map(|row| row.strip_prefix("| ")?.split_once(" | "));
    let rows = rows.filter(|(number, _)| number.parse::<u8>().is_ok());
    let rooms = |(_, rest): (&str, &str)| {
        let cell = rest.split(" | ").next().unwrap_or_default();
        let names = cell.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    rows.map(rooms).collect()
}

fn sources(below: &Path) -> Sources {
    let mut found = Sources::new();
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(below).expect("below").with_extension("");
                let mut parts: Vec<_> = name.iter().filter_map(|part| part.to_str()).collect();
                parts.pop_if(|last| ["mod", "lib"].contains(last));
                let text = fs::read_to_string(&path).expect("UTF-8");
                found.insert(parts.join("::"), text);
            }
        }
    }
    // The lowest floors are a package of their own, whose root names them.
    found.remove("base");
    found
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn an_import_goes_down_or_stays_in_its_folder() {
    let sources = sources(&root().join("src"));
    let floors = floors(&sources[""]);
    assert!(floors.len() > 5, "the floors are a table in src/lib.rs");
    assert_none(&upward(&arrows(&sources), &floors));
}

#[test]
fn a_type_name_is_one_thing() {
    let mut all = sources(&root().join("src"));
    for folder in ["cluster", "independent", "query"] {
        let package = sources(&root().join("crates").join(folder).join("src"));
        all.extend(package.into_iter().map(|(module, text)| (format!("{folder}/{module}"), text)));
    }
    assert_none(&namesakes(&all));
    let two = Sources::from(
        [
            ("a", "struct Row;"),
            ("b", "mod c { enum Row {} } #[cfg(test)] mod tests { struct Row; }"),
        ]
        .map(|(module, text)| (module.to_owned(), text.to_owned())),
    );
    assert_eq!(namesakes(&two), ["Row: a, b"]);
}

#[test]
fn nothing_goes_in_a_circle() {
    for folder in ["src", "crates/cluster/src", "crates/independent/src", "crates/query/src"] {
        let circles = circles(&arrows(&sources(&root().join(folder))));
        assert_none(&circles.iter().map(|circle| circle.join(" ")).collect::<Vec<_>>());
    }
}

#[test]
fn the_plan_on_the_wall_is_the_plan() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let sources = sources(&root().join("src"));
    let planned = floors(&sources[""]);
    assert_eq!(floors(&page), planned);
    let mut planned: Vec<String> = planned.into_iter().flatten().collect();
    planned.sort();
    let rooms: BTreeSet<&str> = sources.keys().map(|module| room(module)).collect();
    assert_eq!(planned, rooms.into_iter().filter(|room| !room.is_empty()).collect::<Vec<_>>());
}

/// A house of three rooms, in which one file is another one.
fn house(module: &str, text: &str) -> Arrows {
    let mut house: Sources = [
        ("", "pub mod base; pub mod wall; pub mod roof;"),
        ("base", "pub struct Stone;"),
        ("wall", "mod brick; mod mortar; pub use self::brick::Brick;"),
        ("wall::brick", "use crate::base::Stone; pub struct Brick(Stone);"),
        (
            "wall::mortar",
            "use super::brick::Brick; #[cfg(test)] mod tests { use crate::roof::Tile; }",
        ),
        ("roof", "use crate::wall::Brick; pub struct Tile;"),
    ]
    .map(|(module, text)| (module.to_owned(), text.to_owned()))
    .into();
    house.insert(module.to_owned(), text.to_owned());
    arrows(&house)
}

#[test]
fn arrows_up_and_circles_are_found() {
    let plan = ["base", "wall", "roof"].map(|room| vec![room.to_owned()]);
    let sound = house("base", "pub struct Stone;");
    assert_eq!((upward(&sound, &plan).len(), circles(&sound).len()), (0, 0));
    for up in [
        "use crate::roof::Tile;",
        "use crate::{roof::{self, Tile as Slate}};",
        "fn f() -> super::roof::Tile { todo!() }",
        "fn f() { g::<Vec<crate::roof::Tile>>(); }",
        "fn f() { println!(\"{}\", crate::roof::tile()); }",
        "mod inside { use super::super::roof::Tile; }",
    ] {
        let arrows = house("base", up);
        let up = upward(&arrows, &plan);
        assert_eq!(up, ["base (floor 1) names roof (floor 3)"], "{arrows:?}");
        assert_eq!(circles(&arrows).len(), 1, "{arrows:?}");
    }
    // Of two files of a folder one names the other, also by what their folder hands on or by a bare name.
    let brick = "use super::mortar; pub struct Brick;";
    assert_eq!(circles(&house("wall::brick", brick)), [["wall::brick", "wall::mortar"]]);
    let mortar = "use super::Brick;";
    let wall = "mod brick; mod mortar; pub use self::brick::Brick; fn f() { mortar::mix() }";
    let mut sources = house("wall::mortar", mortar);
    assert!(circles(&sources).is_empty());
    sources.extend(house("wall", wall).into_iter().filter(|(module, _)| module == "wall"));
    assert_eq!(circles(&sources), [["wall", "wall::mortar"]]);
}
