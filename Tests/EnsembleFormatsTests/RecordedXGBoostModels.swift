/// Models as XGBoost 1.0.2, 2.0.3 and 3.4.1 wrote them, without what only tells of training.
///
/// Margins and predictions are those of the version that wrote the file; for trees of 1.0.2 they are those of 3.4.1,
/// since 1.0 added the base margin last.
extension RecordedModel {
    static let xgboost: [RecordedModel] = [
        RecordedModel(
            name: "3.4.1, vectors at the leaves, categories, dart",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"3"},"tree_info":[0,0,0],"trees":[{"categories":[0,1,2,3,4,5],"categories_nodes":[1,\#
                2],"categories_segments":[0,4],"categories_sizes":[4,2],"default_left":[1,1,1,0,0,0,0],\#
                "leaf_weights":[-0.23536761,0.87536764,-0.30535102,0.037017643,0.4221953,-0.8533064,0.378007,\#
                0.27699298],"left_children":[1,3,5,-1,-1,-1,-1],"right_children":[2,4,6,0,1,2,3],\#
                "split_conditions":[0.75,1e-45,1e-45,1e-45,1e-45,1e-45,1e-45],"split_indices":[0,2,2,0,0,0,0],\#
                "split_type":[0,1,1,0,0,0,0],"tree_param":{"num_feature":"3","num_nodes":"7",\#
                "size_leaf_vector":"2"}},{"categories":[3,4,5],"categories_nodes":[2],"categories_segments":[0],\#
                "categories_sizes":[3],"default_left":[0,0,1,0,0,0,0],"leaf_weights":[-0.70978224,0.7330322,\#
                -0.21409065,0.2901291,0.21410964,-0.5903764,0.17703003,0.29023847],"left_children":[1,3,5,-1,-1,\#
                -1,-1],"right_children":[2,4,6,0,1,2,3],"split_conditions":[0.0,-2.25,1e-45,1e-45,1e-45,1e-45,\#
                1e-45],"split_indices":[0,0,2,0,0,0,0],"split_type":[0,0,1,0,0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"7","size_leaf_vector":"2"}},{"categories":[3,4,5],\#
                "categories_nodes":[2],"categories_segments":[0],"categories_sizes":[3],"default_left":[0,0,1,0,0,\#
                0,0],"leaf_weights":[-0.70978224,0.7330322,-0.21409065,0.2901291,0.21410964,-0.5903764,0.17703003,\#
                0.29023847],"left_children":[1,3,5,-1,-1,-1,-1],"right_children":[2,4,6,0,1,2,3],\#
                "split_conditions":[0.0,-2.25,1e-45,1e-45,1e-45,1e-45,1e-45],"split_indices":[0,0,2,0,0,0,0],\#
                "split_type":[0,0,1,0,0,0,0],"tree_param":{"num_feature":"3","num_nodes":"7",\#
                "size_leaf_vector":"2"}}],"weight_drop":[1.0,0.7692308,0.7692308]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"[7.748354E-1,2.158498E0]","num_class":"0","num_feature":"3",\#
                "num_target":"2"},"objective":{"name":"reg:squarederror"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, 0.75, 5], [2.5, 0.5, 4], [.nan, -1.75, 5], [.nan, -1.25, 1], [2.5, -3, 2],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0x3f4fd38c, 0x405ebea7], [0x3fb66cd5, 0x403872e2], [0x3f4fd38c, 0x405ebea7],
                [0x3f4c83a7, 0x3fa4c46c], [0x3fc36210, 0x3ecb3923], [0x3f5e6e16, 0x400809bd],
            ],
            predictions: [
                [0.8118217, 3.4803865], [1.4251963, 2.882012], [0.8118217, 3.4803865], [0.79888386, 1.2872443],
                [1.5264301, 0.3969203], [0.8688673, 2.1255944],
            ]
        ),
        RecordedModel(
            name: "3.4.1, vectors of three classes",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"2"},"tree_info":[0,0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,1,0,0,0,0],\#
                "leaf_weights":[0.05060219,0.12061835,-0.13532415,-0.042857297,-0.052357752,0.07563051,-0.1542858,\#
                -0.09292045,0.19927232,0.09473663,-0.10181005,0.008341296],"left_children":[1,3,5,-1,-1,-1,-1],\#
                "right_children":[2,4,6,0,1,2,3],"split_conditions":[1.5,2.5,-0.25,1e-45,1e-45,1e-45,1e-45],\#
                "split_indices":[1,0,2,0,0,0,0],"split_type":[0,0,0,0,0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"7","size_leaf_vector":"3"}},{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0,0,0,0,0],\#
                "leaf_weights":[0.12936613,-0.15238762,0.026218921,-0.14379944,-0.07738216,0.17357832,-0.16499275,\#
                0.13435835,0.018715033,0.074226126,0.0018173053,-0.058836438],"left_children":[1,3,5,-1,-1,-1,-1],\#
                "right_children":[2,4,6,0,1,2,3],"split_conditions":[-1.5,-0.75,-0.75,1e-45,1e-45,1e-45,1e-45],\#
                "split_indices":[2,1,1,0,0,0,0],"split_type":[0,0,0,0,0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"7","size_leaf_vector":"3"}}]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"[-2.4126065E-1,-1.7672229E-1,4.17983E-1]","num_class":"3",\#
                "num_feature":"3","num_target":"1"},"objective":{"name":"multi:softprob"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0xbe56ede1, 0xbe68b790, 0x3ede9b1a], [0xbe56ede1, 0xbe68b790, 0x3ede9b1a],
                [0xbee5f1d6, 0xbdc1fd72, 0x3f0327f7], [0xbee5f1d6, 0xbdc1fd72, 0x3f0327f7],
                [0xbee5f1d6, 0xbdc1fd72, 0x3f0327f7], [0xbea48418, 0xbe89206a, 0x3f0ef48a],
            ],
            predictions: [
                [0.2571927, 0.25276363, 0.4900437], [0.2571927, 0.25276363, 0.4900437],
                [0.19838248, 0.28275645, 0.51886106], [0.19838248, 0.28275645, 0.51886106],
                [0.19838248, 0.28275645, 0.51886106], [0.22395301, 0.23625958, 0.5397874],
            ]
        ),
        RecordedModel(
            name: "3.4.1, vectors, two trees a round, UBJSON",
            isBase64: true,
            text: #"""
                e0wAAAAAAAAAB2xlYXJuZXJ7TAAAAAAAAAAKYXR0cmlidXRlc3t9TAAAAAAAAAANZmVhdHVyZV9uYW1lc1sjTAAAAAAAAAAATA\#
                AAAAAAAAANZmVhdHVyZV90eXBlc1sjTAAAAAAAAAAATAAAAAAAAAAQZ3JhZGllbnRfYm9vc3RlcntMAAAAAAAAAAVtb2RlbHtM\#
                AAAAAAAAAARjYXRze0wAAAAAAAAAA2VuY1sjTAAAAAAAAAAATAAAAAAAAAAQZmVhdHVyZV9zZWdtZW50c1skbCNMAAAAAAAAAA\#
                BMAAAAAAAAAApzb3J0ZWRfaWR4WyRsI0wAAAAAAAAAAH1MAAAAAAAAABJnYnRyZWVfbW9kZWxfcGFyYW17TAAAAAAAAAARbnVt\#
                X3BhcmFsbGVsX3RyZWVTTAAAAAAAAAABMkwAAAAAAAAACW51bV90cmVlc1NMAAAAAAAAAAEyfUwAAAAAAAAAEGl0ZXJhdGlvbl\#
                9pbmRwdHJbI0wAAAAAAAAAAmkAaQJMAAAAAAAAAAl0cmVlX2luZm9bI0wAAAAAAAAAAmkAaQBMAAAAAAAAAAV0cmVlc1sjTAAA\#
                AAAAAAACe0wAAAAAAAAADGJhc2Vfd2VpZ2h0c1skZCNMAAAAAAAAAAY+V1YVvalW2b3vBuU+I/oDPmwGw757kb1MAAAAAAAAAA\#
                pjYXRlZ29yaWVzWyRsI0wAAAAAAAAAAEwAAAAAAAAAEGNhdGVnb3JpZXNfbm9kZXNbJGwjTAAAAAAAAAAATAAAAAAAAAATY2F0\#
                ZWdvcmllc19zZWdtZW50c1skTCNMAAAAAAAAAABMAAAAAAAAABBjYXRlZ29yaWVzX3NpemVzWyRMI0wAAAAAAAAAAEwAAAAAAA\#
                AADGRlZmF1bHRfbGVmdFskVSNMAAAAAAAAAAMBAABMAAAAAAAAAAJpZGkATAAAAAAAAAAMbGVhZl93ZWlnaHRzWyRkI0wAAAAA\#
                AAAABL3vBuU+I/oDPmwGw757kb1MAAAAAAAAAA1sZWZ0X2NoaWxkcmVuWyRsI0wAAAAAAAAAAwAAAAH//////////0wAAAAAAA\#
                AADGxvc3NfY2hhbmdlc1skZCNMAAAAAAAAAANCzETYAAAAAAAAAABMAAAAAAAAAAdwYXJlbnRzWyRsI0wAAAAAAAAAA/////8A\#
                AAAAAAAAAEwAAAAAAAAADnJpZ2h0X2NoaWxkcmVuWyRsI0wAAAAAAAAAAwAAAAIAAAAAAAAAAUwAAAAAAAAAEHNwbGl0X2Nvbm\#
                RpdGlvbnNbJGQjTAAAAAAAAAADP0AAAAAAAAEAAAABTAAAAAAAAAANc3BsaXRfaW5kaWNlc1skbCNMAAAAAAAAAAMAAAAAAAAA\#
                AAAAAABMAAAAAAAAAApzcGxpdF90eXBlWyRVI0wAAAAAAAAAAwAAAEwAAAAAAAAAC3N1bV9oZXNzaWFuWyRkI0wAAAAAAAAAA0\#
                J4AABCEAAAQdAAAEwAAAAAAAAACnRyZWVfcGFyYW17TAAAAAAAAAALbnVtX2RlbGV0ZWRTTAAAAAAAAAABMEwAAAAAAAAAC251\#
                bV9mZWF0dXJlU0wAAAAAAAAAATNMAAAAAAAAAAludW1fbm9kZXNTTAAAAAAAAAABM0wAAAAAAAAAEHNpemVfbGVhZl92ZWN0b3\#
                JTTAAAAAAAAAABMn19e0wAAAAAAAAADGJhc2Vfd2VpZ2h0c1skZCNMAAAAAAAAAAa9+gpOPotPX74hxrw+UYe3PmZner57vNBM\#
                AAAAAAAAAApjYXRlZ29yaWVzWyRsI0wAAAAAAAAAAEwAAAAAAAAAEGNhdGVnb3JpZXNfbm9kZXNbJGwjTAAAAAAAAAAATAAAAA\#
                AAAAATY2F0ZWdvcmllc19zZWdtZW50c1skTCNMAAAAAAAAAABMAAAAAAAAABBjYXRlZ29yaWVzX3NpemVzWyRMI0wAAAAAAAAA\#
                AEwAAAAAAAAADGRlZmF1bHRfbGVmdFskVSNMAAAAAAAAAAMBAABMAAAAAAAAAAJpZGkBTAAAAAAAAAAMbGVhZl93ZWlnaHRzWy\#
                RkI0wAAAAAAAAABL4hxrw+UYe3PmZner57vNBMAAAAAAAAAA1sZWZ0X2NoaWxkcmVuWyRsI0wAAAAAAAAAAwAAAAH/////////\#
                /0wAAAAAAAAADGxvc3NfY2hhbmdlc1skZCNMAAAAAAAAAANDE7VEAAAAAAAAAABMAAAAAAAAAAdwYXJlbnRzWyRsI0wAAAAAAA\#
                AAA/////8AAAAAAAAAAEwAAAAAAAAADnJpZ2h0X2NoaWxkcmVuWyRsI0wAAAAAAAAAAwAAAAIAAAAAAAAAAUwAAAAAAAAAEHNw\#
                bGl0X2NvbmRpdGlvbnNbJGQjTAAAAAAAAAADP0AAAAAAAAEAAAABTAAAAAAAAAANc3BsaXRfaW5kaWNlc1skbCNMAAAAAAAAAA\#
                MAAAAAAAAAAAAAAABMAAAAAAAAAApzcGxpdF90eXBlWyRVI0wAAAAAAAAAAwAAAEwAAAAAAAAAC3N1bV9oZXNzaWFuWyRkI0wA\#
                AAAAAAAAA0KcAABCSAAAQeAAAEwAAAAAAAAACnRyZWVfcGFyYW17TAAAAAAAAAALbnVtX2RlbGV0ZWRTTAAAAAAAAAABMEwAAA\#
                AAAAAAC251bV9mZWF0dXJlU0wAAAAAAAAAATNMAAAAAAAAAAludW1fbm9kZXNTTAAAAAAAAAABM0wAAAAAAAAAEHNpemVfbGVh\#
                Zl92ZWN0b3JTTAAAAAAAAAABMn19fUwAAAAAAAAABG5hbWVTTAAAAAAAAAAGZ2J0cmVlfUwAAAAAAAAAE2xlYXJuZXJfbW9kZW\#
                xfcGFyYW17TAAAAAAAAAAKYmFzZV9zY29yZVNMAAAAAAAAABxbMi4wODE2ODc1RS0xLC0yLjkxNTAyMDZFLTFdTAAAAAAAAAAS\#
                Ym9vc3RfZnJvbV9hdmVyYWdlU0wAAAAAAAAAATFMAAAAAAAAAAludW1fY2xhc3NTTAAAAAAAAAABMEwAAAAAAAAAC251bV9mZW\#
                F0dXJlU0wAAAAAAAAAATNMAAAAAAAAAApudW1fdGFyZ2V0U0wAAAAAAAAAATJ9TAAAAAAAAAAJb2JqZWN0aXZle0wAAAAAAAAA\#
                BG5hbWVTTAAAAAAAAAAQcmVnOnNxdWFyZWRlcnJvckwAAAAAAAAADnJlZ19sb3NzX3BhcmFte0wAAAAAAAAAEHNjYWxlX3Bvc1\#
                93ZWlnaHRTTAAAAAAAAAABMX19fUwAAAAAAAAAB3ZlcnNpb25bI0wAAAAAAAAAA2kDaQRpAX0=
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0xbd883ffd, 0x3d96046c], [0x3f29e61c, 0xbf487384], [0xbd883ffd, 0x3d96046c],
                [0xbd883ffd, 0x3d96046c], [0x3f29e61c, 0xbf487384], [0xbd883ffd, 0x3d96046c],
            ],
            predictions: [
                [-0.0665283, 0.07325062], [0.66366744, -0.7830126], [-0.0665283, 0.07325062],
                [-0.0665283, 0.07325062], [0.66366744, -0.7830126], [-0.0665283, 0.07325062],
            ]
        ),
        RecordedModel(
            name: "3.4.1, gblinear",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"weights":[0.8344323,\#
                0.42907572,-0.024838485,-0.09513096]},"name":"gblinear"},\#
                "learner_model_param":{"base_score":"[2.0816875E-1]","num_class":"0","num_feature":"3",\#
                "num_target":"1"},"objective":{"name":"reg:squarederror"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0x3ecebe69], [0x4017b12e], [0xbf2349cb], [0xbef558d8], [0x3f6971b8], [0x3de7805b],
            ],
            predictions: [
                [0.40379646], [2.3701892], [-0.63784474], [-0.47919345], [0.91189146], [0.11303779],
            ]
        ),
        RecordedModel(
            name: "3.4.1, gblinear of three classes",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"weights":[-0.03728730\#
                6,0.06874101,-0.0304407,0.0027050986,0.035260938,-0.03724599,0.03143157,-0.041686274,0.009354587,\#
                -0.028081818,-0.06503335,0.09162806]},"name":"gblinear"},\#
                "learner_model_param":{"base_score":"[-4.566264E-2,-9.972966E-2,1.45392E-1]","num_class":"3",\#
                "num_feature":"3","num_target":"1"},"objective":{"name":"multi:softprob"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0xbd04d14f, 0xbe0ba177, 0x3cf38015], [0xbde284d6, 0x3bbf3c30, 0xbd04aa1e],
                [0xbda0b946, 0xbe308a50, 0x3de3a076], [0xbbd1df60, 0xbe7e8828, 0x3de897c4],
                [0xbe3347a7, 0xbd36ca0a, 0x3da71ec2], [0xbd970756, 0xbde2b494, 0x3d3c463c],
            ],
            predictions: [
                [0.33722162, 0.30393332, 0.35884506], [0.31202734, 0.35055995, 0.33741274],
                [0.32060045, 0.29185918, 0.38754034], [0.3433596, 0.26951304, 0.38712737],
                [0.2913775, 0.3319789, 0.37664357], [0.32353112, 0.31179434, 0.3646745],
            ]
        ),
        RecordedModel(
            name: "3.4.1, expectiles",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"6"},"tree_info":[0,1,2,0,1,2],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[1.25,-0.2849415,0.49245533],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},\#
                {"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],\#
                "default_left":[1,0,0],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[1.25,-0.42940256,0.6652649],"split_indices":[0,0,0],"split_type":[0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],\#
                "categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],\#
                "left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[1.25,-0.52556556,\#
                0.45006293],"split_indices":[0,0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[-1.5,-0.5385919,0.12784997],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},\#
                {"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],\#
                "default_left":[0,0,0],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[-1.5,-0.8433917,0.17677733],"split_indices":[0,0,0],"split_type":[0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],\#
                "categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],\#
                "left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[0.0,-0.28233021,\#
                0.08287768],"split_indices":[0,0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"1"}}]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"[-8.265846E-1,2.0816875E-1,1.4228791E0]","num_class":"0",\#
                "num_feature":"3","num_target":"3"},"objective":{"name":"reg:expectileerror"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0xbf7bd232, 0x3eafaf58, 0x3d601260], [0xbe533ae0, 0x3fb809e6, 0x3fb2a11a],
                [0xbf7bd232, 0x3eafaf58, 0x3d601260], [0xbf7bd232, 0x3eafaf58, 0x3d601260],
                [0xbe533ae0, 0x3fb809e6, 0x3fb2a11a], [0xbf7bd232, 0x3eafaf58, 0x3d601260],
            ],
            predictions: [
                [-0.9836761, -0.104314506, 0.6165602], [-0.20627928, 1.4445758, 3.061419],
                [-0.9836761, -0.104314506, 0.6165602], [-0.9836761, -0.104314506, 0.6165602],
                [-0.20627928, 1.4445758, 3.061419], [-0.9836761, -0.104314506, 0.6165602],
            ]
        ),
        RecordedModel(
            name: "3.4.1, quantiles out of order",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"6"},"tree_info":[0,1,2,0,1,2],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[-1.5,-2.0595236,0.11332448],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},\#
                {"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],\#
                "default_left":[1,0,0],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[1.25,-0.098005444,1.4555504],"split_indices":[0,0,0],"split_type":[0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],\#
                "categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],\#
                "left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[1.25,-0.2541969,\#
                1.0973694],"split_indices":[0,0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[1.25,-0.03481576,1.1554787],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},\#
                {"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],\#
                "default_left":[0,0,0],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[-1.5,-1.503135,0.017303051],"split_indices":[0,0,0],"split_type":[0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],\#
                "categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],\#
                "left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[-1.5,-1.3313417,\#
                0.003875786],"split_indices":[0,0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"1"}}]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"[-5.9443116E-1,1.222909E-1,5.519398E-1]","num_class":"0",\#
                "num_feature":"3","num_target":"3"},"objective":{"name":"reg:quantileerror"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0xbf04137e, 0x3d2a58b6, 0x3e9a6dc3], [0x3f2ca3a5, 0x3fcc2db1, 0x3fd39b90],
                [0xbf04137e, 0x3d2a58b6, 0x3e9a6dc3], [0xbf04137e, 0x3d2a58b6, 0x3e9a6dc3],
                [0x3f2ca3a5, 0x3fcc2db1, 0x3fd39b90], [0xbf04137e, 0x3d2a58b6, 0x3e9a6dc3],
            ],
            predictions: [
                [-0.5159224, 0.041588508, 0.30161867], [0.674372, 1.5951444, 1.6531849],
                [-0.5159224, 0.041588508, 0.30161867], [-0.5159224, 0.041588508, 0.30161867],
                [0.674372, 1.5951444, 1.6531849], [-0.5159224, 0.041588508, 0.30161867],
            ]
        ),
        RecordedModel(
            name: "3.4.1, reg:squaredlogerror",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[6.00001,0.17775352,0.06912262],"split_indices":[0,\#
                0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[4.9679682E-1]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"reg:squaredlogerror"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3f10e019], [0x3f2caf55], [0x3f10e019],
            ],
            predictions: [
                [0.56591946], [0.67455035], [0.56591946],
            ]
        ),
        RecordedModel(
            name: "3.4.1, reg:pseudohubererror",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[1.5,-0.8241576,-0.071405835],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[3.2440553E0]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"reg:pseudohubererror"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x401adf9a], [0x404b0cb0], [0x401adf9a],
            ],
            predictions: [
                [2.4198976], [3.1726494], [2.4198976],
            ]
        ),
        RecordedModel(
            name: "3.4.1, reg:absoluteerror",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[-1.5,0.30529597,-0.060966913],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[1.8144726E0]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"reg:absoluteerror"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3fe072df], [0x3fe072df], [0x3fe072df],
            ],
            predictions: [
                [1.7535056], [1.7535056], [1.7535056],
            ]
        ),
        RecordedModel(
            name: "3.4.1, binary:logitraw",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[1.25,-0.3294219,0.38005733],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[5.3333336E-1]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"binary:logitraw"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3e50ce2a], [0x3f69d3f9], [0x3e50ce2a],
            ],
            predictions: [
                [0.20391145], [0.9133907], [0.20391145],
            ]
        ),
        RecordedModel(
            name: "3.4.1, multi:softmax",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"3"},"tree_info":[0,1,2],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[-1.25,-0.18652853,0.0739219],"split_indices":[2,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},\#
                {"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],\#
                "default_left":[0,0,0],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[-1.5,0.17999999,-0.038028188],"split_indices":[0,0,0],"split_type":[0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"1"}},{"categories":[],\#
                "categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],\#
                "left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[-1.25,0.14707443,\#
                -0.057847746],"split_indices":[2,0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"1"}}]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"[-1.0201013E-1,3.3500195E-3,9.865987E-2]","num_class":"3",\#
                "num_feature":"3","num_target":"1"},"objective":{"name":"multi:softmax"}},"version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0xbce6194c, 0xbd0e0ab2, 0x3d272a9e], [0xbce6194c, 0xbd0e0ab2, 0x3d272a9e],
                [0xbce6194c, 0xbd0e0ab2, 0x3d272a9e],
            ],
            predictions: [
                [2.0], [2.0], [2.0],
            ]
        ),
        RecordedModel(
            name: "3.4.1, count:poisson",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[1.5,-0.027519798,0.07490437],"split_indices":[0,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[1.8973968E0]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"count:poisson"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3f1ceb25], [0x3f37239e], [0x3f1ceb25],
            ],
            predictions: [
                [1.8458927], [2.0449784], [1.8458927],
            ]
        ),
        RecordedModel(
            name: "3.4.1, reg:tweedie",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[6.00001,0.04054311,-0.2021151],"split_indices":[0,\#
                0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[1.8973968E0]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"reg:tweedie"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3ee071bc], [0x3f2e57b8], [0x3ee071bc],
            ],
            predictions: [
                [1.5501748], [1.975904], [1.5501748],
            ]
        ),
        RecordedModel(
            name: "3.4.1, rank:ndcg",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[0.75,0.0682722,-0.09099666],"split_indices":[1,0,\#
                0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[1.7229107E-8]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"rank:ndcg"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3d8bd24e], [0x3d8bd24e], [0xbdba5c73],
            ],
            predictions: [
                [0.06827222], [0.06827222], [-0.090996645],
            ]
        ),
        RecordedModel(
            name: "3.4.1, survival:cox",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[6.00001,-0.05219385,0.5739752],"split_indices":[0,\#
                0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[1E0]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"survival:cox"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0x3f12f00a], [0xbd55c938], [0x3f12f00a],
            ],
            predictions: [
                [1.7753103], [0.94914484], [1.7753103],
            ]
        ),
        RecordedModel(
            name: "3.4.1, survival:aft",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"1"},"tree_info":[0],"trees":[{"categories":[],"categories_nodes":[],\#
                "categories_segments":[],"categories_sizes":[],"default_left":[0,0,0],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[6.00001,0.44285366,0.19324838],"split_indices":[0,\#
                0,0],"split_type":[0,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[5E-1]",\#
                "num_class":"0","num_feature":"3","num_target":"1"},"objective":{"name":"survival:aft"}},\#
                "version":[3,4,1]}
                """#,
            rows: [
                [.nan, -1.25, 2.25], [2.5, -3, 0], [.nan, .nan, .nan],
            ],
            margins: [
                [0xbefff2bc], [0xbe802679], [0xbefff2bc],
            ],
            predictions: [
                [0.60659206], [0.7785722], [0.60659206],
            ]
        ),
        RecordedModel(
            name: "2.0.3, vectors in base_weights",
            text: #"""
                {"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{\#
                "num_trees":"2"},"tree_info":[0,0],"trees":[{"base_weights":[0.24573976,-0.24573973,-0.77926797,\#
                0.92973095,1.6555297,-1.863863,-0.57188404,0.6814994,-0.040900096,0.049233418,0.21761528,\#
                -0.3196986,0.68678325,-0.7134499],"categories":[],"categories_nodes":[],"categories_segments":[],\#
                "categories_sizes":[],"default_left":[1,0,0,0,0,0,0],"left_children":[1,3,5,-1,-1,-1,-1],\#
                "right_children":[2,4,6,-1,-1,-1,-1],"split_conditions":[0.5,-1.25,2.0,0.0,0.0,0.0,0.0],\#
                "split_indices":[0,0,0,0,0,0,0],"split_type":[0,0,0,0,0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"7","size_leaf_vector":"2"}},{"base_weights":[0.17679837,-0.17697546,-0.5522198,\#
                0.63586926,1.2486733,-1.3729067,-0.55511135,0.48051518,-0.020661661,0.0804642,0.10961989,\#
                -0.6656324,0.5168032,-0.22752976],"categories":[],"categories_nodes":[],"categories_segments":[],\#
                "categories_sizes":[],"default_left":[1,0,0,0,0,0,0],"left_children":[1,3,5,-1,-1,-1,-1],\#
                "right_children":[2,4,6,-1,-1,-1,-1],"split_conditions":[0.75,-1.5,-0.5,0.0,0.0,0.0,0.0],\#
                "split_indices":[0,0,1,0,0,0,0],"split_type":[0,0,0,0,0,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"7","size_leaf_vector":"2"}}]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"-4.1666657E-2","num_class":"0","num_feature":"3",\#
                "num_target":"2"},"objective":{"name":"reg:squarederror"}},"version":[2,0,3]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0xbdd3696b, 0x3db44994], [0x3f94b9ca, 0xbf7b8eb6], [0xbdd3696b, 0x3db44994],
                [0xbdd3696b, 0x3db44994], [0x3f413669, 0xbfb5db1a], [0xbdd3696b, 0x3db44994],
            ],
            predictions: [
                [-0.10322841, 0.088030964], [1.1619198, -0.98264635], [-0.10322841, 0.088030964],
                [-0.10322841, 0.088030964], [0.7547365, -1.420749], [-0.10322841, 0.088030964],
            ]
        ),
        RecordedModel(
            name: "1.0.2 in 3.4.1, gbtree",
            text: #"""
                {"learner":{"attributes":{},"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"2",\#
                "size_leaf_vector":"0"},"tree_info":[0,0],"trees":[{"default_left":[true,true,false,false,false,\#
                false,false],"left_children":[1,3,5,-1,-1,-1,-1],"right_children":[2,4,6,-1,-1,-1,-1],\#
                "split_conditions":[0.625,-0.125,-2.125,-0.29390019178390503,0.39759036898612976,\#
                0.1592920422554016,0.7907950282096863],"split_indices":[0,1,1,0,0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"7","size_leaf_vector":"0"}},{"default_left":[false,\#
                false,true,false,false,false,false],"left_children":[1,3,5,-1,-1,-1,-1],"right_children":[2,4,6,\#
                -1,-1,-1,-1],"split_conditions":[-0.125,2.0,-0.125,-0.322326123714447,0.19432424008846283,\#
                0.1792108565568924,0.5471385717391968],"split_indices":[0,1,1,0,0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"7","size_leaf_vector":"0"}}]},"name":"gbtree"},\#
                "learner_model_param":{"base_score":"0.300000","num_class":"0","num_feature":"3"},\#
                "objective":{"name":"binary:logistic"}},"version":[1,0,2]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0x3dc789f4], [0x3efb349c], [0xbf7644cb], [0xbf7644cb], [0xbf024063], [0xbf7644cb],
            ],
            predictions: [
                [0.52433854], [0.6202562], [0.2764805], [0.2764805], [0.37547606], [0.2764805],
            ]
        ),
        RecordedModel(
            name: "1.0.2 in 3.4.1, dart of three classes, two trees a round",
            text: #"""
                {"learner":{"attributes":{},"gradient_booster":{"gbtree":{"model":{"gbtree_model_param":{"num_tree\#
                s":"12","size_leaf_vector":"0"},"tree_info":[0,0,1,1,2,2,0,0,1,1,2,2],\#
                "trees":[{"default_left":[false,false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[2.125,0.06240875646471977,-0.013846159912645817],"split_indices":[1,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[true,\#
                false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[-1.625,\#
                -0.021176476031541824,0.06428571045398712],"split_indices":[2,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[true,\#
                false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[1.0,\#
                0.02299269661307335,-0.07377050071954727],"split_indices":[2,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[false,false,false],"left_children":[1,\#
                -1,-1],"right_children":[2,-1,-1],"split_conditions":[1.875,-0.07443609833717346,\#
                0.04736841842532158],"split_indices":[1,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"0"}},{"default_left":[false,false,false],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[-0.125,-0.06428572535514832,0.0178217776119709],\#
                "split_indices":[2,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},\#
                {"default_left":[false,false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[-0.125,-0.05000000819563866,0.007438010536134243],"split_indices":[2,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[true,\#
                false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[1.875,\#
                -0.0014061917318031192,0.10356909781694412],"split_indices":[2,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[false,\#
                false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[2.25,\#
                0.07997024059295654,-0.06047598272562027],"split_indices":[1,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[false,false,false],"left_children":[1,\#
                -1,-1],"right_children":[2,-1,-1],"split_conditions":[6.000000953674316,-0.050496235489845276,\#
                0.07946012914180756],"split_indices":[1,0,0],"tree_param":{"num_feature":"3","num_nodes":"3",\#
                "size_leaf_vector":"0"}},{"default_left":[true,false,false],"left_children":[1,-1,-1],\#
                "right_children":[2,-1,-1],"split_conditions":[0.875,0.004198102280497551,-0.07469775527715683],\#
                "split_indices":[2,0,0],"tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},\#
                {"default_left":[false,false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],\#
                "split_conditions":[-1.375,0.062157612293958664,-0.026734977960586548],"split_indices":[0,0,0],\#
                "tree_param":{"num_feature":"3","num_nodes":"3","size_leaf_vector":"0"}},{"default_left":[false,\#
                false,false],"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[1.0,\#
                -0.03034708835184574,0.06510954350233078],"split_indices":[2,0,0],"tree_param":{"num_feature":"3",\#
                "num_nodes":"3","size_leaf_vector":"0"}}]},"name":"gbtree"},"name":"dart",\#
                "weight_drop":[0.9756097793579102,1.0,0.9756097793579102,1.0,1.0,1.0,0.4878048896789551,\#
                0.4878048896789551,0.4878048896789551,0.4878048896789551,0.4878048896789551,0.4878048896789551]},\#
                "learner_model_param":{"base_score":"0.500000","num_class":"3","num_feature":"3"},\#
                "objective":{"name":"multi:softprob"}},"version":[1,0,2]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0x3f29dae4, 0x3e95c580, 0x3f0b4237], [0x3f29dae4, 0x3e95c580, 0x3f0b4237],
                [0x3f13fa0b, 0x3ed9cf85, 0x3f0b4237], [0x3f36f6d2, 0x3e95c580, 0x3f0b4237],
                [0x3f29dae4, 0x3ed9cf85, 0x3efead2a], [0x3edec92e, 0x3f1c50e2, 0x3f0b4237],
            ],
            predictions: [
                [0.38798627, 0.2677346, 0.34427914], [0.38798627, 0.2677346, 0.34427914],
                [0.35398582, 0.30388036, 0.3421338], [0.4002131, 0.2623858, 0.33740115],
                [0.37949038, 0.29908994, 0.32141972], [0.30240583, 0.36041296, 0.33718118],
            ]
        ),
        RecordedModel(
            name: "1.0.2, gblinear",
            text: #"""
                {"learner":{"attributes":{},"gradient_booster":{"model":{"weights":[0.05650264024734497,\#
                0.056350916624069214,0.054331064224243164,0.6351454257965088]},"name":"gblinear"},\#
                "learner_model_param":{"base_score":"0.500000","num_class":"0","num_feature":"3"},\#
                "objective":{"name":"count:poisson"}},"version":[1,0,2]}
                """#,
            rows: [
                [.nan, 0.75, 1.25], [2.5, 0.5, 1.75], [.nan, -1.75, .nan], [.nan, -1.25, 2.25], [2.5, -3, 0],
                [.nan, .nan, .nan],
            ],
            margins: [
                [0x3d55b5ba], [0x3e537745], [0xbe205fe8], [0xbbcb03c0], [0xbdafb6d0], [0xbd6d9340],
            ],
            predictions: [
                [1.0535604], [1.2293797], [0.85503244], [0.99382365], [0.9177797], [0.9436483],
            ]
        ),
    ]
}
