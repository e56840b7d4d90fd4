internal import Foundation
internal import LeadTypes

/// The JSON object of `/v1/models/NAME/bins`.
struct BinsDescription: Decodable {
    /// A column and its bins, if it has any.
    struct Column: Decodable {
        var name: String
        var bins: ColumnBins?

        private enum CodingKeys: String, CodingKey { case name, bins }
        private enum BinsKeys: String, CodingKey { case fingerprint, type, side, edges }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            guard try !container.decodeNil(forKey: .bins) else { return }
            let inner = try container.nestedContainer(keyedBy: BinsKeys.self, forKey: .bins)
            let edges = try inner.decode([Double].self, forKey: .edges)
            let side = ColumnBins.Side(rawValue: try inner.decode(String.self, forKey: .side))
            let type = try inner.decode(String.self, forKey: .type)
            let isSorted = zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 } && edges.allSatisfy(\.isFinite)
            guard let side, isSorted, edges.count <= ColumnBins.edgesMax, type == "float32" || type == "float64" else {
                throw Self.mistake(inner, "these are no bins")
            }
            let bins = ColumnBins(edges: edges, side: side, areSingle: type == "float32")
            guard UInt64(try inner.decode(String.self, forKey: .fingerprint), radix: 16) == bins.fingerprint else {
                throw Self.mistake(inner, "the edges have another fingerprint")
            }
            self.bins = bins
        }

        private static func mistake(_ container: KeyedDecodingContainer<BinsKeys>, _ text: String) -> DecodingError {
            .dataCorruptedError(forKey: .fingerprint, in: container, debugDescription: text)
        }
    }

    var columns: [Column]

    /// Reads a page.
    static func decode(_ bytes: [UInt8]) throws -> BinsDescription {
        do {
            return try JSONDecoder().decode(BinsDescription.self, from: Data(bytes))
        } catch {
            throw LeadClientError(.badResponse, "the bins cannot be read: \(error)")
        }
    }
}
