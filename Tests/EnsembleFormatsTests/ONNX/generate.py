"""Makes the models of this folder and the answers of ONNX Runtime on one thread.

NAME.onnx is a model; NAME.csv has one row a line: the features (x), the margins (m: the same model without its
post_transform), and what the model gives (y). Needs numpy, onnx, onnxruntime, scikit-learn, skl2onnx, onnxmltools,
lightgbm and xgboost; the files here were made with onnx 1.23, onnxruntime 1.32, scikit-learn 1.9, skl2onnx 1.20,
onnxmltools 1.16, lightgbm 4.7 and xgboost 3.2.
"""
import os, sys, warnings
import numpy as np, onnx, onnxruntime
from onnx import TensorProto as T, helper as h, numpy_helper as nh
warnings.filterwarnings("ignore")
HERE = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
ML = "ai.onnx.ml"
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 4
make_attribute = h.make_attribute


def tolerant(key, value, *rest, **more):
    """skl2onnx passes truth values where newer protobuf demands whole numbers."""
    if isinstance(value, list) and any(isinstance(v, (bool, np.bool_)) for v in value):
        value = [int(v) for v in value]
    return make_attribute(key, value, *rest, **more)


h.make_attribute = tolerant


def answer(model, rows):
    """The scores of a model: its last output, as an array of rows."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    kind = lambda i: {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}[i.type]
    if len(inputs) == 1:
        feed = {inputs[0].name: rows.astype(kind(inputs[0]))}
    else:
        feed = {i.name: rows[:, k : k + 1].astype(kind(i)) for k, i in enumerate(inputs)}
    result = session.run(None, feed)[-1]
    if isinstance(result, list):
        result = np.array([[row[key] for key in row] for row in result])
    return result.reshape(len(rows), -1)


def bare(model):
    """The model without post_transform and without what follows the trees."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    tree = next(n for n in copy.graph.node if n.op_type.startswith("TreeEnsemble"))
    for attribute in tree.attribute:
        if attribute.name == "post_transform":
            if attribute.type == onnx.AttributeProto.STRING:
                attribute.s = b"NONE"
            else:
                attribute.i = 0
    double = any(v.type.tensor_type.elem_type == T.DOUBLE for v in copy.graph.input)
    output = tree.output[-1]
    kind = T.DOUBLE if double and tree.op_type == "TreeEnsemble" else T.FLOAT
    del copy.graph.output[:]
    copy.graph.output.append(h.make_tensor_value_info(output, kind, None))
    return copy


def text(value):
    return "nan" if np.isnan(value) else repr(value.item() if value.dtype == np.float64 else float(str(value)))


def edge_rows(model, width, seed, kind=np.float32):
    """Random rows, of which many values lie at a threshold of the model or beside it, or are missing or infinite."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(40, width)).astype(kind) * 2
    points = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, 2.0, 3.0, 2.5]
    for node in model.graph.node:
        for a in node.attribute:
            if a.name == "nodes_values":
                points += list(a.floats)
            if a.name in ("nodes_values_as_tensor", "nodes_splits", "membership_values"):
                points += list(nh.to_array(a.t).astype(np.float64))
    points = np.array(points).astype(kind)
    for row in rows:
        for column in range(width):
            if random.random() < 0.6:
                point = random.choice(points)
                row[column] = random.choice([point, np.nextafter(point, kind(-np.inf)), np.nextafter(point, kind(np.inf))])
    return rows


def save(name, model, rows, margins=True):
    with np.errstate(all="ignore"):
        y = answer(model, rows)
        m = answer(bare(model), rows) if margins else np.zeros((len(rows), 0), np.float32)
    columns = [f"x{i}" for i in range(rows.shape[1])] + [f"m{i}" for i in range(m.shape[1])]
    columns += [f"y{i}" for i in range(y.shape[1])]
    with open(f"{HERE}/{name}.onnx", "wb") as file:
        file.write(model.SerializeToString())
    with open(f"{HERE}/{name}.csv", "w") as file:
        file.write(",".join(columns) + "\n")
        for row in range(len(rows)):
            values = list(rows[row]) + list(m[row]) + list(y[row])
            file.write(",".join(text(np.asarray(v)[()]) for v in values) + "\n")


# Models of libraries ------------------------------------------------------------------------------------------------


def libraries():
    import lightgbm, onnxmltools, xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType as SF, Int64TensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.datasets import make_classification
    from sklearn.ensemble import (
        ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
        HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor,
    )
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    x, y3 = make_classification(
        200, 4, n_informative=4, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=7
    )
    x = x.astype(np.float32)
    y2 = (y3 > 0).astype(int)
    yr = (x @ np.arange(1, 5) + np.sin(3 * x[:, 0])).astype(np.float64)
    few = dict(n_estimators=3, max_depth=3, random_state=1)
    hist = dict(max_iter=3, max_leaf_nodes=5)
    missing = x.copy()
    missing[np.random.default_rng(1).random(x.shape) < 0.2] = np.nan
    scaled = x * [1, -30, 0.01, 1] + [0, 1000, 3, 0.1]
    cases = {
        "forest-binary": (RandomForestClassifier(**few), x, y2),
        "forest-classes": (RandomForestClassifier(**few), x, y3),
        "extra-classes": (ExtraTreesClassifier(**few), x, y3),
        "forest-regressor": (RandomForestRegressor(**few), x, yr),
        "forest-targets": (RandomForestRegressor(**few), x, np.stack([yr, -2 * yr], 1)),
        "extra-regressor": (ExtraTreesRegressor(**few), x, yr),
        "boosting-binary": (GradientBoostingClassifier(**few), x, y2),
        "boosting-classes": (GradientBoostingClassifier(**few), x, y3),
        "boosting-regressor": (GradientBoostingRegressor(**few), x, yr),
        "histogram-binary": (HistGradientBoostingClassifier(**hist), missing, y2),
        "histogram-classes": (HistGradientBoostingClassifier(**hist), missing, y3),
        "histogram-regressor": (HistGradientBoostingRegressor(**hist), missing, yr),
        "scaled-forest": (make_pipeline(StandardScaler(), RandomForestClassifier(**few)), scaled, y2),
        "scaled-boosting": (make_pipeline(MinMaxScaler(), GradientBoostingClassifier(**few)), scaled, y3),
        "imputed-forest": (make_pipeline(SimpleImputer(), RandomForestClassifier(**few)), missing, y2),
    }
    for seed, (name, (model, data, target)) in enumerate(cases.items()):
        model.fit(data, target)
        for suffix, kind in (("", np.float32), ("-double", np.float64)):
            if suffix and name not in (
                "forest-binary", "boosting-binary", "scaled-forest"
            ):
                continue
            has = hasattr(model, "predict_proba")
            converted = to_onnx(
                model, data[:1].astype(kind), target_opset={"": 18, ML: 3},
                options={id(model): {"zipmap": seed % 2 == 0 and not suffix}} if has else None,
            )
            rows = edge_rows(converted, 4, seed, kind)
            if name.startswith("scaled"):
                rows = np.where(np.random.default_rng(seed).random(rows.shape) < 0.7, scaled[:40].astype(kind), rows)
            if name.startswith("imputed"):
                rows[~np.isfinite(rows)] = np.nan
            try:
                save(name + suffix, converted, rows)
            except Exception as problem:  # skl2onnx declares some outputs as doubles that are floats
                print("not made:", name + suffix, str(problem)[:120])
    mixed = ColumnTransformer([("a", StandardScaler(), ["a", "c"]), ("b", "passthrough", ["b", "d"])])
    import pandas
    frame = pandas.DataFrame(scaled, columns=list("abcd"))
    model = make_pipeline(mixed, RandomForestClassifier(**few)).fit(frame, y2)
    converted = to_onnx(
        model, initial_types=[(c, SF([None, 1])) for c in "abcd"], target_opset={"": 18, ML: 3},
        options={id(model): {"zipmap": False}},
    )
    save("columns-forest", converted, scaled[:40].astype(np.float32))

    types = [("input", FloatTensorType([None, 4]))]
    few = dict(n_estimators=3, max_depth=3)
    boosters = {
        "lightgbm-binary": (lightgbm.LGBMClassifier(verbose=-1, **few), y2),
        "lightgbm-classes": (lightgbm.LGBMClassifier(verbose=-1, **few), y3),
        "lightgbm-regressor": (lightgbm.LGBMRegressor(verbose=-1, **few), yr),
        "lightgbm-poisson": (lightgbm.LGBMRegressor(objective="poisson", verbose=-1, **few), abs(yr)),
        "xgboost-binary": (xgboost.XGBClassifier(**few), y2),
        "xgboost-classes": (xgboost.XGBClassifier(**few), y3),
        "xgboost-regressor": (xgboost.XGBRegressor(**few), yr),
        "xgboost-poisson": (xgboost.XGBRegressor(objective="count:poisson", **few), abs(yr)),
    }
    for seed, (name, (model, target)) in enumerate(boosters.items()):
        model.fit(missing, target)
        convert = onnxmltools.convert_lightgbm if name.startswith("light") else onnxmltools.convert_xgboost
        converted = convert(model, initial_types=types, target_opset=15)
        save(name, converted, edge_rows(converted, 4, 100 + seed))
    coded = x.copy()
    coded[:, 0] = np.random.default_rng(2).integers(0, 40, len(x))
    model = lightgbm.LGBMClassifier(verbose=-1, min_data_per_group=1, cat_smooth=1, **few)
    model.fit(coded, ((y2 + coded[:, 0] % 3) > 1).astype(int), categorical_feature=[0])
    converted = onnxmltools.convert_lightgbm(model, initial_types=types, target_opset=15, zipmap=False)
    rows = edge_rows(converted, 4, 200)
    rows[:, 0] = np.where(np.isfinite(rows[:, 0]), np.round(abs(rows[:, 0]) * 7) % 45, rows[:, 0])
    save("lightgbm-categories", converted, rows)


# Models made by hand ------------------------------------------------------------------------------------------------


def graph(nodes, width, outputs, kind=T.FLOAT, version=3, constants=()):
    made = h.make_graph(
        nodes, "g", [h.make_tensor_value_info("X", kind, [None, width])],
        [h.make_tensor_value_info(name, type, None) for name, type in outputs], list(constants),
    )
    return h.make_model(
        made, opset_imports=[h.make_opsetid(ML, version), h.make_opsetid("", 18)], ir_version=8, producer_name="leadline"
    )


MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def random_trees(random, trees, depth, width, modes):
    """Lists of nodes of random trees, and the leaves as (tree, node)."""
    lists = {k: [] for k in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")}
    lists["missing_value_tracks_true"] = []
    leaves = []
    for tree in range(trees):
        count = [0]

        def grow(level):
            node = count[0]
            count[0] += 1
            at = len(lists["modes"])
            is_leaf = level == depth or level > 0 and random.random() < 0.2
            for key, value in (
                ("treeids", tree), ("nodeids", node), ("featureids", int(random.integers(width))),
                ("modes", "LEAF" if is_leaf else str(random.choice(modes))),
                ("values", float(np.float32(random.choice([0, -0.0, 1, 2, 3, random.normal(), random.normal()])))),
                ("truenodeids", 0), ("falsenodeids", 0), ("missing_value_tracks_true", int(random.integers(2))),
            ):
                lists[key].append(value)
            if is_leaf:
                leaves.append((tree, node))
            else:
                lists["truenodeids"][at] = grow(level + 1)
                lists["falsenodeids"][at] = grow(level + 1)
            return node

        grow(0)
    return {"nodes_" + k: v for k, v in lists.items()}, leaves


def by_hand():
    def regressor(name, seed, targets, aggregate, post="NONE", double=False, modes=MODES, base=True, small=False):
        random = np.random.default_rng(seed)
        lists, leaves = random_trees(random, 5, 3, 3, modes)
        entries = [(t, n, k) for t, n in leaves for k in range(targets)]
        weights = random.normal(size=len(entries)) if not small else random.uniform(0.01, 0.1, size=len(entries))
        bases = random.normal(size=targets) if not small else np.full(targets, 0.2)
        if double:
            values = lists.pop("nodes_values")
            lists["nodes_values_as_tensor"] = nh.from_array(np.array(values) + 1e-9 * (random.random(len(values)) < 0.5))
            lists["target_weights_as_tensor"] = nh.from_array(weights)
            if base:
                lists["base_values_as_tensor"] = nh.from_array(bases)
        else:
            lists["target_weights"] = [float(np.float32(w)) for w in weights]
            if base:
                lists["base_values"] = [float(np.float32(b)) for b in bases]
        node = h.make_node(
            "TreeEnsembleRegressor", ["X"], ["Y"], domain=ML, n_targets=targets, aggregate_function=aggregate,
            post_transform=post, target_treeids=[e[0] for e in entries], target_nodeids=[e[1] for e in entries],
            target_ids=[e[2] for e in entries], **lists,
        )
        kind = T.DOUBLE if double else T.FLOAT
        model = graph([node], 3, [("Y", T.FLOAT)], kind)
        save(name, model, edge_rows(model, 3, seed, np.float64 if double else np.float32))

    regressor("modes", 11, 1, "SUM")
    regressor("modes-double", 12, 1, "SUM", double=True)
    regressor("average", 13, 1, "AVERAGE")
    regressor("average-targets", 14, 3, "AVERAGE", double=True)
    regressor("minimum", 15, 1, "MIN")
    regressor("maximum-targets", 16, 2, "MAX", modes=["BRANCH_LT"])
    regressor("targets-softmax", 17, 3, "SUM", "SOFTMAX")
    regressor("targets-softmax-double", 23, 3, "SUM", "SOFTMAX", double=True)
    regressor("targets-zero", 18, 3, "SUM", "SOFTMAX_ZERO", base=False)
    regressor("targets-logistic", 19, 2, "SUM", "LOGISTIC")
    regressor("ignored-logistic", 20, 1, "SUM", "LOGISTIC")
    regressor("probit", 21, 1, "SUM", "PROBIT", small=True, base=True)
    regressor("at-least", 22, 1, "SUM", modes=["BRANCH_GTE"])

    def classifier(name, seed, labels, classes, post, base, positive=False):
        """Weights for these classes in every leaf."""
        random = np.random.default_rng(seed)
        lists, leaves = random_trees(random, 4, 3, 3, ["BRANCH_LEQ", "BRANCH_LT"])
        entries = [(t, n, k) for t, n in leaves for k in classes]
        weights = random.normal(size=len(entries))
        weights = abs(weights) / 8 if positive else weights
        if base:
            lists["base_values"] = base
        node = h.make_node(
            "TreeEnsembleClassifier", ["X"], ["L", "Y"], domain=ML, post_transform=post,
            classlabels_strings=[f"c{k}" for k in range(labels)], class_treeids=[e[0] for e in entries],
            class_nodeids=[e[1] for e in entries], class_ids=[e[2] for e in entries],
            class_weights=[float(np.float32(w)) for w in weights], **lists,
        )
        model = graph([node], 3, [("L", T.STRING), ("Y", T.FLOAT)])
        save(name, model, edge_rows(model, 3, seed))

    classifier("pair-raw", 31, 2, [0], "NONE", [0.25])
    classifier("pair-logistic-positive", 32, 2, [0], "LOGISTIC", [-0.5], positive=True)
    classifier("pair-second", 33, 2, [1], "SOFTMAX", [0.5])
    classifier("pair-both", 34, 2, [0, 1], "SOFTMAX", [0.5])
    classifier("pair-two-bases", 35, 2, [0], "LOGISTIC", [0.5, 0.25])
    classifier("classes-bases", 36, 4, [0, 1, 3], "SOFTMAX", [0.5, -0.25, 1.5, 0.125])
    classifier("classes-zero", 37, 4, [0, 1, 3], "SOFTMAX_ZERO", [])

    def ensemble(name, seed, double, targets, aggregate, post, sets, modes=range(7)):
        """TreeEnsemble of version 5: each tree a chain of tests, true sides leaves."""
        random = np.random.default_rng(seed)
        kind = np.float64 if double else np.float32
        nodes = dict(featureids=[], truenodeids=[], trueleafs=[], falsenodeids=[], falseleafs=[], tracks=[])
        splits, kinds, members, roots, leaf_targets, leaf_weights = [], [], [], [], [], []

        def leaf(target):
            leaf_targets.append(target)
            leaf_weights.append(random.normal())
            return len(leaf_targets) - 1

        for target in range(targets):
            for _ in range(2):
                roots.append(len(splits))
                for level in range(4):
                    mode = int(random.choice(list(modes)))
                    kinds.append(mode)
                    splits.append(random.choice([1.0, 2.0, 3.0, random.normal()]))
                    if mode == 6:
                        members.extend(sets[len(members) % len(sets)] + [np.nan])
                    nodes["featureids"].append(int(random.integers(3)))
                    nodes["tracks"].append(int(random.integers(2)))
                    nodes["truenodeids"].append(leaf(target))
                    nodes["trueleafs"].append(1)
                    last = level == 3
                    nodes["falsenodeids"].append(leaf(target) if last else len(splits))
                    nodes["falseleafs"].append(int(last))
        extra = dict(membership_values=nh.from_array(np.array(members[:-1], kind))) if members else {}
        node = h.make_node(
            "TreeEnsemble", ["X"], ["Y"], domain=ML, n_targets=targets, aggregate_function=aggregate,
            post_transform=post, tree_roots=roots, nodes_featureids=nodes["featureids"],
            nodes_modes=nh.from_array(np.array(kinds, np.uint8)), nodes_splits=nh.from_array(np.array(splits, kind)),
            nodes_truenodeids=nodes["truenodeids"], nodes_trueleafs=nodes["trueleafs"],
            nodes_falsenodeids=nodes["falsenodeids"], nodes_falseleafs=nodes["falseleafs"],
            nodes_missing_value_tracks_true=nodes["tracks"], leaf_targetids=leaf_targets,
            leaf_weights=nh.from_array(np.array(leaf_weights, kind)), **extra,
        )
        type = T.DOUBLE if double else T.FLOAT
        model = graph([node], 3, [("Y", type)], type, 5)
        save(name, model, edge_rows(model, 3, seed, kind))

    small = [[1.0, 2.0, 3.0], [2.5, 0.0], [5.0]]
    ensemble("members", 41, False, 1, 1, 0, small)
    ensemble("members-double", 42, True, 1, 1, 0, small)
    # ONNX Runtime takes 1 for LOGISTIC and 2 for SOFTMAX, the other way round than the standard.
    ensemble("members-targets", 43, False, 2, 0, 2, small)
    ensemble("members-minimum", 44, True, 2, 2, 0, small)
    ensemble("members-softmax", 45, True, 2, 1, 1, small, [6, 0])

    # A set of categories spelt out as equalities that share their true side, and the trees before a cast.
    node = h.make_node(
        "TreeEnsembleRegressor", ["X"], ["Y"], domain=ML, n_targets=1, nodes_treeids=[0] * 4, nodes_nodeids=[0, 1, 2, 3],
        nodes_featureids=[1, 1, 1, 1], nodes_modes=["BRANCH_EQ", "LEAF", "BRANCH_EQ", "LEAF"],
        nodes_values=[2.0, 0, 3.0, 0], nodes_truenodeids=[1, 0, 1, 0], nodes_falsenodeids=[2, 0, 3, 0],
        nodes_missing_value_tracks_true=[1, 0, 1, 0], target_treeids=[0, 0], target_nodeids=[1, 3], target_ids=[0, 0],
        target_weights=[1.5, -2.0],
    )
    save("equal-chain", (m := graph([node], 2, [("Y", T.FLOAT)])), edge_rows(m, 2, 51))

    random = np.random.default_rng(52)
    lists, leaves = random_trees(random, 4, 3, 3, MODES[:4])
    trees = h.make_node(
        "TreeEnsembleRegressor", ["D"], ["Y"], domain=ML, n_targets=1, target_treeids=[t for t, _ in leaves],
        target_nodeids=[n for _, n in leaves], target_ids=[0] * len(leaves),
        target_weights=[float(np.float32(w)) for w in random.normal(size=len(leaves))], **lists,
    )
    constant = lambda name, values, kind: nh.from_array(np.array(values, kind), name)
    before = [
        h.make_node("Mul", ["X", "a"], ["A"]), h.make_node("Sub", ["b", "A"], ["B"]),
        h.make_node("Div", ["B", "c"], ["C"]), h.make_node("Cast", ["C"], ["D"], to=T.DOUBLE),
    ]
    steps = [
        constant("a", [3.0, -0.7, 1e-3], np.float32), constant("b", [0.1], np.float32),
        constant("c", [[0.3, 0.7, -7.0]], np.float32),
    ]
    save("steps-double", (m := graph(before + [trees], 3, [("Y", T.FLOAT)], constants=steps)), edge_rows(m, 3, 53), False)

    trees.input[0] = "D"
    before[0].input[0], before[-1] = "X", h.make_node("Cast", ["C"], ["D"], to=T.FLOAT)
    steps = [constant(t.name, nh.to_array(t), np.float64) for t in steps]
    m = graph(before + [trees], 3, [("Y", T.FLOAT)], T.DOUBLE, constants=steps)
    save("steps-from-double", m, edge_rows(m, 3, 54, np.float64), False)


by_hand()
libraries()
