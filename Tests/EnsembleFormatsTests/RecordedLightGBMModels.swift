/// Models as LightGBM 4.7.0 wrote them, without what only tells of training.
extension RecordedModel {
    static let lightGBM: [RecordedModel] = [
        RecordedModel(
            name: "4.7.0, linear leaves",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=regression
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=374 493 491

                Tree=0
                num_leaves=3
                num_cat=0
                split_feature=0 1
                threshold=1.3750000000000002 2.1250000000000004
                decision_type=10 10
                left_child=1 -1
                right_child=-2 -3
                leaf_value=0.064909455510420044 0.18844102371607305 -0.28271700648809645
                is_linear=1
                leaf_const=0.064909455510420044 0.18844102371607305 -0.28271700648809645
                num_features=0 0 0
                leaf_features=   
                leaf_coeff=   
                shrinkage=1


                Tree=1
                num_leaves=3
                num_cat=0
                split_feature=0 1
                threshold=1.3750000000000002 2.1250000000000004
                decision_type=10 10
                left_child=1 -1
                right_child=-2 -3
                leaf_value=0.032722198552823156 0.14390062084969354 -0.28014160706238317
                is_linear=1
                leaf_const=-0.037561056263581839 -0.21281958643911134 0.18464550226206031
                num_features=2 1 2
                leaf_features=0 1  0  0 1  
                leaf_coeff=-0.060327151870497357 -0.064441923059415748  0.16389847361918086  0.26431072958792556 \#
                -0.055228337586750345  
                shrinkage=0.1


                Tree=2
                num_leaves=3
                num_cat=0
                split_feature=0 1
                threshold=1.3750000000000002 2.1250000000000004
                decision_type=10 10
                left_child=1 -1
                right_child=-2 -3
                leaf_value=0.028275386857471076 0.12951055931694366 -0.24775140275332064
                is_linear=1
                leaf_const=-0.03380495091108212 -0.19153762787636489 0.16618096231520668
                num_features=2 1 2
                leaf_features=0 1  0  0 1  
                leaf_coeff=-0.054294436740592505 -0.05799773010701275  0.14750862654827709  0.23787966080743944 \#
                -0.049705508334172067  
                shrinkage=0.1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2], [2.25, 0.5, .nan], [-2.5, -1, -0.5], [0.75, -0.25, -1.5],
                [-2.25, .nan, 1.5], [.nan, .nan, .nan], [0.5, .nan, 1], [1e-36, -1e-36, 1e-34], [.infinity, 1, 1],
            ],
            margins: [
                [0x3fda0a9df327c6ee], [0x3fc01db8cf8b98d5], [0x3fdf0623f61728f0], [0x3fd9c32adb05d356],
                [0xbfafa5ee6531bf24], [0x3fc01db8cf8b98d5], [0x3fc01db8cf8b98d5], [0x3fc01db8cf8b98d5],
                [0xbf7a722f63e2c340], [0x7ff0000000000000],
            ],
            predictions: [
                [0.4068980097355127], [0.12590704092071428], [0.4847497847773772], [0.40253707302990926],
                [-0.06181282983095418], [0.12590704092071428], [0.12590704092071428], [0.12590704092071428],
                [-0.006456551664243915], [.infinity],
            ]
        ),
        RecordedModel(
            name: "4.7.0, linear leaves with coefficients that show the zero band",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=regression
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=301 353

                Tree=0
                num_leaves=2
                num_cat=0
                split_feature=0
                threshold=1.3750000000000002
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=-0.004197009826634443 0.18844102371607305
                is_linear=1
                leaf_const=-0.004197009826634443 0.18844102371607305
                num_features=0 0
                leaf_features=  
                leaf_coeff=  
                shrinkage=1


                Tree=1
                num_leaves=2
                num_cat=0
                split_feature=1
                threshold=2.1250000000000004
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=0.036318718496147755 -0.14084574311244777
                is_linear=1
                leaf_const=0.03911296825714225 -0.13930623808800249
                num_features=1 1
                leaf_features=1  1  
                leaf_coeff=-1.4542568476966601e+34  -5.912853021293075e+32  
                shrinkage=0.1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [1e-36, 1e-36, 1e-36], [1.1e-35, 1e-36, 0], [-1e-35, 2e-35, -1e-36], [0, 0, 0],
            ],
            margins: [
                [0x3fa1e081272292d6], [0x3fa1e081272292d6], [0xbfd0613eeb26721f], [0x3fa1e081272292d6],
            ],
            predictions: [
                [0.03491595843050781], [0.03491595843050781], [-0.2559354111088243], [0.03491595843050781],
            ]
        ),
        RecordedModel(
            name: "4.7.0, linear leaves of two classes, one against all",
            text: #"""
                tree
                version=v4
                num_class=2
                num_tree_per_iteration=2
                label_index=0
                max_feature_idx=2
                objective=multiclassova num_class:2 sigmoid:0.7
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=304 300

                Tree=0
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=0.87500000000000011
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=-0.023282144331443141 -0.22475914645715112
                is_linear=1
                leaf_const=-0.023282144331443141 -0.22475914645715112
                num_features=0 0
                leaf_features=  
                leaf_coeff=  
                shrinkage=1


                Tree=1
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=0.87500000000000011
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=0.023282144331443017 0.22475914645715098
                is_linear=1
                leaf_const=0.023282144331443017 0.22475914645715098
                num_features=0 0
                leaf_features=  
                leaf_coeff=  
                shrinkage=1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2], [2.25, 0.5, .nan], [-2.5, -1, -0.5],
            ],
            margins: [
                [0xbf97d74641efec5c, 0x3f97d74641efec38], [0xbfccc4e85fc152c4, 0x3fccc4e85fc152bf],
                [0xbf97d74641efec5c, 0x3f97d74641efec38], [0xbf97d74641efec5c, 0x3f97d74641efec38],
            ],
            predictions: [
                [0.4959257149220074, 0.5040742850779926], [0.46074808343400414, 0.5392519165659958],
                [0.4959257149220074, 0.5040742850779926], [0.4959257149220074, 0.5040742850779926],
            ]
        ),
        RecordedModel(
            name: "4.7.0, quantile sqrt",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=quantile sqrt
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=197

                Tree=0
                num_leaves=2
                num_cat=0
                split_feature=0
                threshold=1.3750000000000002
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=0.99242330834424808 1.1023933330499787
                is_linear=0
                shrinkage=1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2], [2.25, 0.5, .nan], [-2.5, -1, -0.5],
            ],
            margins: [
                [0x3ff1a367310c7313], [0x3fefc1ee86a40dad], [0x3ff1a367310c7313], [0x3fefc1ee86a40dad],
            ],
            predictions: [
                [1.2152710607530413], [0.9849040229449425], [1.2152710607530413], [0.9849040229449425],
            ]
        ),
        RecordedModel(
            name: "4.7.0, a forest, averaged",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=binary sigmoid:1
                average_output
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=198 198 203

                Tree=0
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=1.3750000000000002
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=-0.32290719961874337 1.3344983950697829
                is_linear=0
                shrinkage=1


                Tree=1
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=1.1250000000000002
                decision_type=8
                left_child=-1
                right_child=-2
                leaf_value=-0.47934057932594654 0.82423525170883827
                is_linear=0
                shrinkage=1


                Tree=2
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=-1.0000000180025095e-35
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=-0.22881330129319807 1.0379352006377811
                is_linear=0
                shrinkage=1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2], [2.25, 0.5, .nan], [-2.5, -1, -0.5],
            ],
            margins: [
                [0xbff07f39e73ccd75], [0x400992c71dde5d1b], [0x3fd170e1b5966ab0], [0xbff07f39e73ccd75],
            ],
            predictions: [
                [0.414914133126893], [0.7437509254965884], [0.5226939596122459], [0.414914133126893],
            ]
        ),
        RecordedModel(
            name: "4.7.0, dart",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=cross_entropy
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=203 205 204

                Tree=0
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=0.87500000000000011
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=0.008148754432806795 0.078665700542225464
                is_linear=0
                shrinkage=0.5


                Tree=1
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=0.87500000000000011
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=-0.018840579710144929 0.051612903225806452
                is_linear=0
                shrinkage=0.05


                Tree=2
                num_leaves=2
                num_cat=0
                split_feature=2
                threshold=0.87500000000000011
                decision_type=10
                left_child=-1
                right_child=-2
                leaf_value=-0.036613033385696991 0.090599680108886721
                is_linear=0
                shrinkage=0.1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2], [2.25, 0.5, .nan], [-2.5, -1, -0.5],
            ],
            margins: [
                [0xbfa83857a9cc9d5f], [0x3fcc45bd56d2f0ab], [0xbfa83857a9cc9d5f], [0xbfa83857a9cc9d5f],
            ],
            predictions: [
                [0.4881759901831663], [0.5549961601026999], [0.4881759901831663], [0.4881759901831663],
            ]
        ),
        RecordedModel(
            name: "4.7.0, zero as missing, categories",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=cross_entropy_lambda
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=300 302

                Tree=0
                num_leaves=4
                num_cat=0
                split_feature=2 0 0
                threshold=1.0000000180025095e-35 -1.1249999999999998 1.3750000000000002
                decision_type=6 4 6
                left_child=2 -2 -1
                right_child=1 -3 -4
                leaf_value=-0.8687202842139925 -0.75730566987045833 -0.4392562641448558 -0.62118956438388739
                is_linear=0
                shrinkage=1


                Tree=1
                num_leaves=4
                num_cat=0
                split_feature=2 0 0
                threshold=1.0000000180025095e-35 -1.1249999999999998 1.3750000000000002
                decision_type=6 4 6
                left_child=2 -2 -1
                right_child=1 -3 -4
                leaf_value=-0.12172419521866495 -0.015422786688539004 0.2472381822877274 0.10284549808218808
                is_linear=0
                shrinkage=0.1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, 1, -2], [-1.75, 4, 2], [2.25, 2, 0], [-2.5, 7, -0.5], [0.75, 7, -1.5], [0, 9, .nan],
                [.nan, .nan, -0.0], [1e-36, -1, 0.25],
            ],
            margins: [
                [0xbfe096464b9aed31], [0xbfe8ba310733809e], [0xbfe096464b9aed31], [0xbfefb1b89ef55822],
                [0xbfefb1b89ef55822], [0xbfefb1b89ef55822], [0xbfefb1b89ef55822], [0xbfc8940c6ae89407],
            ],
            predictions: [
                [0.4671908333871027], [0.3796353599741839], [0.4671908333871027], [0.31584055211991574],
                [0.31584055211991574], [0.31584055211991574], [0.31584055211991574], [0.6017399444026296],
            ]
        ),
        RecordedModel(
            name: "4.7.0, no split at all",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=poisson
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=153

                Tree=0
                num_leaves=1
                num_cat=0
                split_feature=
                threshold=
                decision_type=
                left_child=
                right_child=
                leaf_value=0.73187482718594921
                is_linear=0
                shrinkage=1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2],
            ],
            margins: [
                [0x3fe76b84c1f0f00e], [0x3fe76b84c1f0f00e],
            ],
            predictions: [
                [2.078974674420897], [2.078974674420897],
            ]
        ),
        RecordedModel(
            name: "4.7.0, no split at all, linear",
            text: #"""
                tree
                version=v4
                num_class=1
                num_tree_per_iteration=1
                label_index=0
                max_feature_idx=2
                objective=regression
                feature_names=Column_0 Column_1 Column_2
                feature_infos=[-3:3] [-3:3] [-3:3]
                tree_sizes=230

                Tree=0
                num_leaves=1
                num_cat=0
                split_feature=
                threshold=
                decision_type=
                left_child=
                right_child=
                leaf_value=0.028551459929440172
                is_linear=1
                leaf_const=0.028551459929440172
                num_features=0
                leaf_features= 
                leaf_coeff= 
                shrinkage=1


                end of trees

                feature_importances:

                parameters:
                end of parameters

                pandas_categorical:null
                """#,
            rows: [
                [2, -2.5, -2], [-1.75, .nan, 2],
            ],
            margins: [
                [0x3f9d3c980a99999a], [0x3f9d3c980a99999a],
            ],
            predictions: [
                [0.028551459929440172], [0.028551459929440172],
            ]
        ),
    ]
}
