#if LIBFUZZER
internal import Foundation
internal import FuzzTargets

/// libFuzzer as a library: it parses the options, and calls back with inputs on this thread.
@_silgen_name("LLVMFuzzerRunDriver")
private func LLVMFuzzerRunDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// libFuzzer's own changes, in place; gives the new count.
@_silgen_name("LLVMFuzzerMutate")
private func LLVMFuzzerMutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ countMax: Int) -> Int

/// libFuzzer finds it by its name: every second change of a conversation is by frames.
@_cdecl("LLVMFuzzerCustomMutator")
func changeInput(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ countMax: Int, _ seed: UInt32) -> Int {
    // Safety: libFuzzer lends `countMax` bytes, of which `count` are the input.
    guard target?.hasFrames == true, seed & 1 == 1 else { return unsafe LLVMFuzzerMutate(bytes, count, countMax) }
    var mutator = FrameMutator(seed: UInt64(seed))
    let input = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    let changed = mutator.change(input, bytesMax: countMax)
    _ = unsafe UnsafeMutableBufferPointer(start: bytes, count: changed.count).update(fromContentsOf: changed)
    return changed.count
}

private let target = ProcessInfo.processInfo.environment["LEADLINE_FUZZ_TARGET"].flatMap(FuzzTarget.init)
private nonisolated(unsafe) let examination = EnsembleExamination()

/// Runs libFuzzer on the target of the environment, and ends with its status.
func runLibFuzzer() -> Never {
    guard target != nil else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        print("LEADLINE_FUZZ_TARGET names a target: \(names)")
        exit(2)
    }
    var count = CommandLine.argc
    // Safety: libFuzzer reads the arguments, which live as long as the process.
    var arguments = unsafe CommandLine.unsafeArgv
    let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { start, count in
        // Safety: libFuzzer lends `count` bytes for the time of the call.
        let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
        do {
            _ = try unsafe target?.examine(bytes, examination)
        } catch {
            fatalError("\(error)")
        }
        return 0
    }
    exit(status)
}
#endif
