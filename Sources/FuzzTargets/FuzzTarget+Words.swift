extension FuzzTarget {
    /// Words of the form, for a mutation to put in.
    public var words: [String] {
        switch self {
        case .xgboostJSON:
            [
                "{\"learner\":", "null", "NaN", "-Infinity", "1e999", "[]", "{}", "\\ud800",
                "\"num_feature\":\"1048576\"",
                "\"split_type\"", "\"categories_sizes\"", "\"gblinear\"", "\"dart\"", "\"size_leaf_vector\"",
                "2147483647",
            ]
        case .xgboostUBJSON:
            ["{L", "[$d#", "[$l#L", "[$U#i", "[#", "learner", "split_type", "gblinear", "dart", "\u{7F}", "Z", "SL"]
        case .lightGBMText:
            [
                "tree\n", "Tree=0\n", "num_leaves=1", "num_cat=1", "decision_type=", "cat_boundaries=0 2",
                "is_linear=1",
                "num_class=3", "max_feature_idx=1048575", "-nan", "inf", "1e-400", "end of trees", "average_output\n",
            ]
        case .onnx:
            [
                "nodes_modes", "BRANCH_LEQ", "BRANCH_MEMBER", "LEAF", "TreeEnsemble", "ai.onnx.ml", "SOFTMAX", "MIN",
                "Scaler",
            ]
        case .catBoostBinary:
            ["CBM1", "\u{4}\0\0\0", "FlabuffersModel_v1", "static_provider_v1", "Borders:prior_num=0", "{\"params\":"]
        case .catBoostJSON:
            [
                "\"oblivious_trees\":", "\"ctr_data\":{}", "\"split_type\":\"OnlineCtr\"",
                "\"nan_value_treatment\":\"AsTrue\"",
                "\"scale_and_bias\":[1,[0]]", "\"border\":1e999", "\"float_feature_index\":1048576", "null", "[]",
            ]
        case .plan: ["LDLPLAN1", "\u{3}\0\0\0", "\u{40}\0\0\0", "\u{7F}\u{7F}", "\u{1}\0\0\0"]
        case .npy:
            [
                "'descr': '<f8'", "'fortran_order': True", "'shape': (0, 9223372036854775807)", "(,)", "\u{93}NUMPY",
                "\n",
            ]
        case .wire:
            [
                "LDLN", "\u{1}\0\u{1}\0", "\u{1}\0\u{2}\0", "\u{1}\0\u{3}\0", "\u{10}\0\0\0", "\u{11}\0\0\0",
                "\u{14}\u{1}\0\0", "\u{30}\u{1}\0\0", "\u{31}\0\0\0", "\u{1F}\0\0\0", "\u{7F}\0\0",
            ]
        case .http2:
            [
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0\u{4}\0\0\0\0\0", "\0\0\0\u{4}\u{1}\0\0\0\0",
                "\0\0\u{4}\u{3}\0\0\0\0\u{1}\0\0\0\u{8}", "\0\0\u{4}\u{8}\0\0\0\0\0\u{7F}\0\0\0",
                "\0\0\0\u{9}\u{4}\0\0\0\u{1}", "\0\0\0\0\u{1}\0\0\0\u{1}", ":method", ":path", ":status",
                "content-length", "leadline", "\u{F}\u{D}\u{1}5", "@", "\0\u{4}host",
            ]
        case .json:
            [
                "{\"leads\":[", "{\"columns\":{", "\"asOf\":", "\"deadlineMicroseconds\":4294967295", "\"model\":\"\"",
                "\"fingerprint\":\"", "\"visits\":", "\"source\":", "\"created\":", "\"opened\":true", "null",
                "\\ud800\\udc00", "\\u0000", "-0", "1e-400", "1e308", "2026-01-31T12:30:05.25+01:00", "[[[[[[[[",
                "\\\"",
                "\u{301}", "e\u{301}",
            ]
        case .plainRequest:
            [
                "GET / HTTP/1.1\r\n", "HEAD ", "Host: a\r\n", "\r\n\r\n", "Content-Length: 0\r\n", "?", " ", "\r", "\n",
                "Transfer-Encoding: chunked\r\n", "HTTP/1.0", "\t", "/v1/models/leads/schema",
                "POST /v1/models/leads/publish HTTP/1.1\r\n", "Content-Type: application/json\r\n",
                "Content-Length: 65536\r\n",
                "{\"version\":\"000001-5be0c1f2\"", ",\"alias\":\"candidate\"", ",\"reason\":\"", "}",
            ]
        case .tls:
            [
                "\u{16}\u{3}\u{1}", "\u{14}\u{3}\u{3}\0\u{1}\u{1}", "\u{15}\u{3}\u{3}\0\u{2}\u{1}\0", "\0\u{2}h2",
                "\0\u{10}\0\u{5}\0\u{3}\u{2}h2", "\0\u{2B}\0\u{3}\u{2}\u{3}\u{4}", "\0\u{29}", "\0\u{33}",
                "localhost", "\u{17}\u{3}\u{3}",
            ]
        case .pem:
            [
                "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\n",
                "-----END PRIVATE KEY-----\n", "-----BEGIN EC PARAMETERS-----\n",
                "-----BEGIN TRUSTED CERTIFICATE-----\n",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
                "-----BEGIN X509 CRL-----\n", "MII", "==\n", "-----BEGIN RSA PRIVATE KEY-----\n",
            ]
        }
    }
}
