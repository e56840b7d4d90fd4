import Testing
import TreeEnsemble

@Suite("Validation of ensembles")
struct ValidationTests {
    private func ensemble(_ trees: [Tree], _ arithmetic: Arithmetic = .float32LessThan) -> Ensemble {
        Ensemble(
            provenance: Provenance(library: "test", libraryVersion: "", format: "none"),
            objective: "none",
            featureNames: ["x", "y"],
            outputCount: 1,
            arithmetic: arithmetic,
            baseMargins: [0],
            trees: trees,
            transform: .identity
        )
    }

    /// A tree of these links, left and right by turns; each node looks at feature 0.
    private func tree(_ links: [Int32]) -> Tree {
        let nodes = (0..<links.count / 2).map { index in
            Node(
                feature: 0,
                test: .threshold(0.5),
                missing: .nan,
                defaultLeft: true,
                left: links[2 * index],
                right: links[2 * index + 1]
            )
        }
        return Tree(output: 0, nodes: nodes, leafValues: [Double](repeating: 1, count: nodes.count + 1))
    }

    /// The same question by counting: whether following links from the root meets each node and leaf once.
    private func isWhole(_ links: [Int32]) -> Bool {
        let count = links.count / 2
        var met: [Int32: Int] = [:]
        var pending: [Int32] = [0]
        while let next = pending.popLast() {
            met[next, default: 0] += 1
            guard met[next] == 1, next < count, next >= -count - 1 else { return false }
            if next >= 0 { pending += [links[2 * Int(next)], links[2 * Int(next) + 1]] }
        }
        return met.count == 2 * count + 1
    }

    /// Links of a tree that grew at random, its nodes and leaves numbered in random or in growing order.
    private func randomLinks(_ count: Int, isInOrder: Bool, _ random: inout Steps) -> [Int32] {
        var links = [Int32](repeating: 0, count: 2 * count)
        var nodes = Array(1..<Int32(count))
        var leaves = (0...Int32(count)).map { ~$0 }
        leaves.shuffle(using: &random)
        if !isInOrder { nodes.shuffle(using: &random) }
        var open = [0, 1]
        for node in nodes {
            let slot = open.remove(at: Int.random(in: open.indices, using: &random))
            links[slot] = node
            open += [2 * Int(node), 2 * Int(node) + 1]
        }
        for (slot, leaf) in zip(open, leaves) { links[slot] = leaf }
        return links
    }

    @Test("a tree in any order is sound if and only if each node and leaf is met once from the root")
    func shapes() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = Steps(state: seed)
        var refused = 0
        // One ensemble of many trees, so that marks of one tree may not be taken for those of the next.
        var sound: [Tree] = []
        for round in 0..<4_000 {
            let count = Int.random(in: 1...12, using: &random)
            var links = randomLinks(count, isInOrder: round % 2 == 0, &random)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let slot = Int.random(in: links.indices, using: &random)
                switch random.next() % 3 {
                case 0: links[slot] = Int32.random(in: -Int32(count) - 2...Int32(count), using: &random)
                case 1: links.swapAt(slot, Int.random(in: links.indices, using: &random))
                default: links[slot] = [.min, .max, 0, -1].randomElement(using: &random) ?? 0
                }
            }
            let isWhole = isWhole(links)
            let answer = Result { try ensemble(sound.suffix(3) + [tree(links)]).validate() }
            let isSound = (try? answer.get()) != nil
            if isSound != isWhole { Issue.record("\(links), round \(round), seed \(seed): \(answer)") }
            if isWhole { sound.append(tree(links)) } else { refused += 1 }
        }
        #expect(refused > 500 && sound.count > 500)
        try ensemble(sound).validate()
    }

    @Test("what is wrong is told with the tree and the node, behind sound trees too")
    func words() throws {
        func refusal(_ arithmetic: Arithmetic = .float32LessThan, _ change: (inout Tree) -> Void) -> String? {
            var changed = tree([1, ~0, ~1, ~2])
            change(&changed)
            let all = ensemble([tree([~1, ~0]), tree([1, ~0, ~1, ~2]), changed], arithmetic)
            return #expect(throws: InvalidEnsemble.self) { try all.validate() }?.description
        }
        #expect(refusal { $0.nodes[1].left = 1 } == "tree 2: node 1 is reached twice (a cycle or a shared child)")
        #expect(refusal { $0.nodes[1].left = 0 } == "tree 2: node 0 is reached twice (a cycle or a shared child)")
        #expect(refusal { $0.nodes[1].left = ~0 } == "tree 2: leaf 0 has two parents")
        #expect(refusal { $0.nodes[1].left = 2 } == "tree 2 refers to node 2 of 2")
        #expect(refusal { $0.nodes[1].left = ~3 } == "tree 2 refers to leaf 3 of 3")
        #expect(refusal { $0.nodes[1].left = .min } == "tree 2 refers to leaf \(Int32.max) of 3")
        #expect(refusal { $0.nodes[1].feature = 2 } == "tree 2, node 1 looks at feature 2 of 2")
        #expect(refusal { $0.nodes[1].feature = -1 } == "tree 2, node 1 looks at feature -1 of 2")
        #expect(refusal { $0.nodes[1].test = .threshold(0.1) } == "tree 2, node 1: threshold 0.1 is not a float32")
        #expect(refusal { $0.nodes[1].test = .threshold(.nan) } == "tree 2, node 1 has no threshold (NaN)")
        let wide = refusal(.float64LessOrEqual) { $0.nodes[1].test = .threshold(.nan) }
        #expect(wide == "tree 2, node 1 has no threshold (NaN)")
        #expect(
            refusal { $0.nodes[1].test = .inSetLeft(set: 0) } == "tree 2, node 1 refers to category set 0 of 0"
        )
        #expect(
            refusal { $0.nodes[1].test = .equalsLeft(numbers: -1) } == "tree 2, node 1 refers to numbers -1 of 0"
        )
        #expect(refusal { $0.numberSets = [[1], [2, .nan]] } == "tree 2 compares with NaN (numbers 1)")
        try ensemble([tree([1, ~0, ~1, ~2])], .float64LessOrEqual).validate()
    }

    @Test("a cycle beside the tree is not overlooked, though each target has one parent")
    func strayCycle() {
        // The root has two leaves; nodes 1 and 2 lead to each other.
        let stray = ensemble([tree([~0, ~1, 2, ~2, 1, ~3])])
        let error = #expect(throws: InvalidEnsemble.self) { try stray.validate() }
        #expect(error?.description == "tree 0: node 1 is not reached from the root")
    }
}

/// A small seeded generator, so that a failure can be repeated.
private struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
