internal import Foundation
public import LeadTypes

/// What a server tells of a model: all that a client needs to encode leads for it and to read its scores.
public struct ModelDescription: Sendable, Decodable {
    /// A tier of leads.
    public struct Tier: Sendable, Decodable, Equatable {
        /// What people call it.
        public var name: String
        /// The least probability of its leads.
        public var minimumProbability: Double
    }

    /// The model's name.
    public var name: String
    /// The exact version in service.
    public var version: String
    /// The columns of a batch, in order.
    public var schema: LeadSchema
    /// The tiers by index, the best first.
    public var tiers: [Tier]
    /// Words that mean a missing value, besides the empty one.
    public var missingTokens: [String]
    /// How text writes the dates of a column, by the column's name, in the words of the reader of text.
    public var dateForms: [String: String]
    /// The column that tells people which lead a row is; not sent.
    public var idColumn: String?
    /// Rows that the server takes in a message, when it says so.
    public var rowsMax: Int?

    private enum CodingKeys: String, CodingKey {
        case name, version, fingerprint, columns, tiers, missingTokens, dateForms, idColumn, limits
    }

    private struct Limits: Decodable {
        var rowsMax: Int?
    }

    /// Reads the JSON object of `/v1/models/NAME/schema`.
    ///
    /// - Parameter decoder: Holds the object.
    /// - Throws: `DecodingError`, also when the columns do not give the fingerprint that the object names.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        version = try container.decode(String.self, forKey: .version)
        schema = try container.decode(LeadSchema.self, forKey: .columns)
        tiers = try container.decodeIfPresent([Tier].self, forKey: .tiers) ?? []
        missingTokens = try container.decodeIfPresent([String].self, forKey: .missingTokens) ?? []
        dateForms = try container.decodeIfPresent([String: String].self, forKey: .dateForms) ?? [:]
        idColumn = try container.decodeIfPresent(String.self, forKey: .idColumn)
        rowsMax = try container.decodeIfPresent(Limits.self, forKey: .limits)?.rowsMax
        let fingerprint = try container.decode(String.self, forKey: .fingerprint)
        guard UInt64(fingerprint, radix: 16) == schema.fingerprint else {
            throw DecodingError.dataCorruptedError(
                forKey: .fingerprint,
                in: container,
                debugDescription: "the fingerprint is not that of the columns"
            )
        }
    }

    /// Reads the body of `/v1/models/NAME/schema`.
    static func decode(_ body: [UInt8]) throws -> ModelDescription {
        do {
            return try JSONDecoder().decode(ModelDescription.self, from: Data(body))
        } catch {
            throw LeadClientError(.badResponse, "the server's description of the model is not understood: \(error)")
        }
    }
}

/// The models of a server.
public struct ModelList: Sendable, Decodable {
    /// A model in service.
    public struct Entry: Sendable, Decodable, Equatable {
        /// Its name.
        public var name: String
        /// Its exact version.
        public var version: String
    }

    /// The model that answers requests without a name, if there is one.
    public var `default`: String?
    /// All of them.
    public var models: [Entry]

    /// Reads the body of `/v1/models`.
    static func decode(_ body: [UInt8]) throws -> ModelList {
        do {
            return try JSONDecoder().decode(ModelList.self, from: Data(body))
        } catch {
            throw LeadClientError(.badResponse, "the server's list of models is not understood: \(error)")
        }
    }
}

/// The JSON body of a refusal that is no message: `{"error":{"code":…,"message":…}}`.
struct ServerRefusal: Decodable, CustomStringConvertible {
    private struct Reason: Decodable {
        var code: String
        var message: String
    }

    private var error: Reason

    /// The code and the server's words.
    var description: String { "\(error.code): \(error.message)" }

    /// Reads a body; nil when it is another one.
    static func decode(_ body: [UInt8]) -> ServerRefusal? {
        try? JSONDecoder().decode(ServerRefusal.self, from: Data(body))
    }
}
