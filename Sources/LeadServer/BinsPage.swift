internal import LeadScoring
internal import LeadTypes
internal import SnapshotExchange

/// What a model tells apart of its columns' numbers, so that clients may send bins.
enum BinsPage {
    static func page(of model: LeadModel, _ publication: Publication<ModelDirectory>) -> PlainResponse {
        var json = JSONWriter()
        json.object {
            InfoPages.identity(of: model, &$0)
            $0.name("epoch")
            $0.value(publication.epoch)
            $0.name("columns")
            $0.array { list in
                for (column, bins) in zip(model.schema.columns, model.bins) {
                    list.object {
                        $0.member("name", column.name)
                        $0.name("bins")
                        if let bins { write(bins, to: &$0) } else { $0.null() }
                    }
                }
            }
        }
        return PlainResponse(json.text + "\n")
    }

    private static func write(_ bins: ColumnBins, to json: inout JSONWriter) {
        json.object {
            $0.member("fingerprint", hexadecimal(bins.fingerprint))
            $0.member("type", bins.areSingle ? "float32" : "float64")
            $0.member("side", bins.side.rawValue)
            $0.name("edges")
            $0.array { edges in bins.edges.forEach { edges.value($0) } }
        }
    }
}
