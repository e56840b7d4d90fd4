//! Compiles the wire (src/wire.c over ../c/leadline.h) with the C compiler, and links it and libcurl.
use std::{env, path::Path, process::Command};

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(status.success(), "{command:?}: {status}");
}

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let object = Path::new(&out).join("wire.o");
    let archive = Path::new(&out).join("libleadline_wire.a");
    let cc = env::var("CC").unwrap_or_else(|_| "cc".into());
    run(Command::new(cc)
        .args(["-std=c11", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I../c", "-c", "src/wire.c", "-o"])
        .arg(&object));
    run(Command::new("ar").arg("rcs").arg(&archive).arg(&object));
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=static=leadline_wire");
    println!("cargo:rustc-link-lib=dylib=curl");
    for file in ["build.rs", "src/wire.c", "../c/leadline.h"] {
        println!("cargo:rerun-if-changed={file}");
    }
}
