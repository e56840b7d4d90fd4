"""Makes the CatBoost models of this folder, and what CatBoost itself predicts with them.

    pip install catboost && python make_catboost.py

Each case is NAME.cbm, NAME.json and NAME.csv: the rows that were scored, the raw value of each output in full
precision behind them (columns raw0, raw1, ...), and CatBoost's own prediction (columns pred0, ...). Another version of
CatBoost, or another machine, may train other trees; tables and trees that are there belong together.
"""
import csv
import json
import math
import os
import random
import sys
import warnings

import catboost
import numpy as np
from catboost import CatBoost, Pool

warnings.simplefilter("ignore")
folder = os.path.dirname(os.path.abspath(__file__))
random.seed(20260501)
rng = np.random.default_rng(20260501)

COLOURS = ["red", "green", "blue", "", "sea green", "Ünïcødé", "blue ", "nan"]
TOWNS = ["Aa", "Bergen", "Constantinople", "Dun Laoghaire-Rathdown", "E" * 33, "F" * 64, "G" * 65, "H" * 150, "Ii", "J",
         "Kiel", "Lagos"]
UNSEEN = ["never seen", "red?", "0", "-1", "x" * 40, "y" * 70]


def rows(count, numbers, categories, missing):
    """Rows of `numbers` float32 columns and one category of each list."""
    table = []
    for _ in range(count):
        row = [float(np.float32(rng.normal() * 10 ** rng.integers(0, 3))) for _ in range(numbers)]
        for index in range(numbers):
            if missing and index in missing and rng.random() < 0.2:
                row[index] = math.nan
        row += [random.choice(words) for words in categories]
        table.append(row)
    return table


def hidden(row, numbers):
    value = sum((-1) ** i * math.tanh(x / 5) for i, x in enumerate(row[:numbers]) if not math.isnan(x))
    for position, word in enumerate(row[numbers:]):
        value += ((hash_of(str(word)) >> (8 * position)) % 7 - 3) / 2
    if len(row) > numbers + 1 and hash_of(str(row[numbers]) + str(row[numbers + 1])) % 3 == 0:
        value += 2
    return value


def hash_of(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2 ** 32
    return value


def edges(model_json, table, numbers, categories):
    """The rows again, some of them with values exactly at borders or beside them, missing, or with unseen words."""
    borders = [feature["borders"] for feature in model_json["features_info"].get("float_features", [])]
    result = []
    for row in table:
        row = list(row)
        for index in range(numbers):
            chance = rng.random()
            if chance < 0.25 and index < len(borders) and borders[index]:
                value = np.float32(random.choice(borders[index]))
                value = random.choice([value, np.nextafter(value, np.float32(np.inf)),
                                       np.nextafter(value, np.float32(-np.inf))])
                row[index] = float(value)
            elif chance < 0.35:
                row[index] = math.nan
            elif chance < 0.4:
                row[index] = random.choice([0.0, -0.0, math.inf, -math.inf, 1e-30, 3e38])
        for index, words in enumerate(categories):
            if rng.random() < 0.15:
                row[numbers + index] = random.choice(UNSEEN if isinstance(words[0], str) else [-7, 10 ** 12, 99])
        result.append(row)
    return result


def text(value):
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return str(value)


def strip(model):
    """Leaves of what the file says about its making the loss function and the version."""
    metadata = model.get_metadata()
    loss = json.loads(metadata["params"])["loss_function"]
    for key in list(metadata.keys()) + ["params", "training"]:
        if key != "class_params":
            metadata[key] = ""
    metadata["training"] = "{}"
    metadata["params"] = json.dumps({"loss_function": loss})
    metadata["catboost_version_info"] = "Branch: tags/v" + catboost.__version__


def save(name, model, numbers, categories, table, prediction):
    strip(model)
    names = ["n%d" % i for i in range(numbers)] + ["c%d" % i for i in range(len(categories))]
    model.save_model(os.path.join(folder, name + ".cbm"))
    pool = Pool(table, cat_features=list(range(numbers, len(names))), feature_names=names) if categories else None
    model.save_model(os.path.join(folder, name + ".json"), format="json", pool=pool)
    with open(os.path.join(folder, name + ".json")) as file:
        content = json.load(file)
    content["model_info"] = {key: value for key, value in content["model_info"].items() if value not in ("", "{}")}
    for tree in content.get("oblivious_trees", []):
        tree.pop("leaf_weights", None)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(content, file, separators=(",", ":"))
    scored = edges(content, table[:48], numbers, categories)
    score(name, model, names, numbers, scored, prediction)


def score(name, model, names, numbers, scored, prediction):
    pool = Pool(scored, cat_features=list(range(numbers, len(names))), feature_names=names)
    raw = np.asarray(model.predict(pool, prediction_type="RawFormulaVal"))
    raw = raw.reshape(len(scored), -1)
    for index in range(len(scored)):
        one = Pool([scored[index]], cat_features=list(range(numbers, len(names))), feature_names=names)
        single = np.asarray(model.predict(one, prediction_type="RawFormulaVal")).reshape(-1)
        assert (single == raw[index]).all(), "one row and many differ"
    made = np.asarray(model.predict(pool, prediction_type=prediction)).reshape(len(scored), -1)
    with open(os.path.join(folder, name + ".csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names + ["raw%d" % i for i in range(raw.shape[1])] + ["pred%d" % i for i in range(made.shape[1])])
        for row, sums, predicted in zip(scored, raw, made):
            writer.writerow([text(v) for v in row] + [repr(float(v)) for v in sums] + [repr(float(v)) for v in predicted])


def case(name, loss, numbers=0, categories=(), labels=None, count=300, missing=None, prediction="RawFormulaVal",
         scale_and_bias=None, **options):
    table = rows(count, numbers, categories, missing)
    wanted = [hidden(row, numbers) + rng.normal() * 0.3 for row in table]
    if labels:
        wanted = [labels(value) for value in wanted]
    names = ["n%d" % i for i in range(numbers)] + ["c%d" % i for i in range(len(categories))]
    pool = Pool(table, wanted, cat_features=list(range(numbers, len(names))), feature_names=names)
    settings = dict(loss_function=loss, iterations=12, depth=4, learning_rate=0.3, random_seed=1, thread_count=1,
                    allow_writing_files=False, verbose=False)
    settings.update(options)
    model = CatBoost(settings)
    model.fit(pool)
    if scale_and_bias:
        model.set_scale_and_bias(*scale_and_bias)
    save(name, model, numbers, categories, table, prediction)
    return model


def relabel(source, name, old, new, numbers, categories, prediction="RawFormulaVal"):
    """CTR types that only a GPU trains: the tables of a type that is kept alike, under the other name."""
    with open(os.path.join(folder, source + ".json")) as file:
        content = file.read()
    assert old in content
    path = os.path.join(folder, name + ".json")
    with open(path, "w") as file:
        file.write(content.replace(old, new))
    model = CatBoost()
    model.load_model(path, format="json")
    strip(model)
    model.save_model(os.path.join(folder, name + ".cbm"))
    os.remove(path)
    names = ["n%d" % i for i in range(numbers)] + ["c%d" % i for i in range(len(categories))]
    with open(os.path.join(folder, source + ".csv")) as file:
        scored = [[(float(v) if v else math.nan) if i < numbers else v for i, v in enumerate(row[:len(names)])]
                  for row in list(csv.reader(file))[1:]]
    score(name, model, names, numbers, scored, prediction)


def two(value):
    return int(value > 0)


def four(value):
    return int(value > -1.5) + int(value > 0) + int(value > 1.5)


numbers_of_cities = list(range(-3, 9)) + [1234567890123]
case("numbers", "Logloss", 3, labels=two, missing={0, 1}, prediction="Probability",
     per_float_feature_quantization=["0:border_count=20,nan_mode=Min", "1:border_count=20,nan_mode=Max"])
case("borders", "RMSE", 1, depth=5, iterations=90, count=2000, border_count=700, scale_and_bias=(0.7, 1.3))
case("deep", "RMSE", 4, depth=10, iterations=2, border_count=16)
case("one-hot", "Logloss", 1, [COLOURS, TOWNS], labels=two, prediction="Probability", one_hot_max_size=20)
case("borders-ctr", "Logloss", 1, [COLOURS, TOWNS], labels=two, prediction="Probability", one_hot_max_size=1,
     max_ctr_complexity=1, simple_ctr=["Borders:Prior=0/1:Prior=0.5/1:Prior=1/1"])
case("buckets-ctr", "Logloss", 1, [COLOURS, TOWNS], labels=two, prediction="Probability", one_hot_max_size=1,
     max_ctr_complexity=1, simple_ctr=["Buckets:Prior=0/1:Prior=0.5/1"])
case("mean-ctr", "RMSE", 1, [COLOURS, TOWNS], one_hot_max_size=1, max_ctr_complexity=1,
     simple_ctr=["BinarizedTargetMeanValue:TargetBorderCount=5:Prior=0.5/1"])
case("counter-ctr", "RMSE", 1, [COLOURS, TOWNS * 3 + TOWNS[:4] * 9], one_hot_max_size=1, max_ctr_complexity=1,
     simple_ctr=["Counter:Prior=0/1:Prior=0.5/1"])
case("target-borders", "RMSE", 0, [COLOURS, TOWNS], one_hot_max_size=1,
     simple_ctr=["Borders:TargetBorderCount=4:Prior=0.5/1"], combinations_ctr=["Buckets:TargetBorderCount=3"])
case("integers", "RMSE", 1, [numbers_of_cities, [1, 2, 3]], one_hot_max_size=3, max_ctr_complexity=2)
case("combinations", "Logloss", 3, [COLOURS, TOWNS, ["yes", "no"]], labels=two, prediction="Probability",
     one_hot_max_size=2, max_ctr_complexity=4, depth=6, missing={0, 1}, iterations=10, model_size_reg=0,
     per_float_feature_quantization=["0:border_count=10,nan_mode=Min", "1:border_count=10,nan_mode=Max"])
case("classes", "MultiClass", 2, [COLOURS, TOWNS], labels=four, prediction="Probability", max_ctr_complexity=2,
     one_hot_max_size=1, depth=3)
case("one-vs-all", "MultiClassOneVsAll", 3, labels=four, prediction="Probability", depth=3)
case("poisson", "Poisson", 2, labels=lambda value: int(abs(value) * 2), prediction="Exponent")
case("lossguide", "Logloss", 2, [COLOURS, TOWNS], labels=two, prediction="Probability", grow_policy="Lossguide",
     max_leaves=9, depth=8, one_hot_max_size=9)
case("depthwise", "MultiClass", 2, [COLOURS, TOWNS], labels=four, prediction="Probability", grow_policy="Depthwise",
     depth=4, one_hot_max_size=1, iterations=6)
case("small-oblivious", "Logloss", 2, [["a", "b", "c"], ["p", "q"]], labels=two, prediction="Probability", depth=3,
     iterations=3, max_ctr_complexity=3, one_hot_max_size=2, model_size_reg=0, border_count=3)
case("small-free", "MultiClass", 1, [["a", "b", "c"], ["p", "q"]], labels=four, prediction="Probability", depth=2,
     iterations=2, grow_policy="Depthwise", one_hot_max_size=2, border_count=3)
relabel("mean-ctr", "float-mean-ctr", "BinarizedTargetMeanValue", "FloatTargetMeanValue", 1, [COLOURS, TOWNS])
relabel("counter-ctr", "frequency-ctr", "Counter", "FeatureFreq", 1, [COLOURS, TOWNS])
relabel("buckets-ctr", "denominator-ctr", "\"prior_denomerator\":1", "\"prior_denomerator\":2.5", 1, [COLOURS, TOWNS],
        "Probability")
# Two targets: the JSON export does not say which of them a table is of.
case("targets", "MultiRMSE", 1, [COLOURS, TOWNS], labels=lambda value: [value, abs(value)], one_hot_max_size=1, depth=3,
     iterations=6)

# Hashes of texts of every length class, as CatBoost writes them.
words = ["", "a", "ab", "abc", "abcd", "abcdefg", "abcdefgh", "0123456789abcdef", "0123456789abcdefg"] + [
    "".join(chr(97 + (i * 7 + n) % 26) for i in range(n)) for n in (31, 32, 33, 47, 63, 64, 65, 127, 128, 129, 200)
] + ["-1", "0", "1234567890123", "Ünïcødé", "nan"]
pool = Pool([[word] for word in words * 4], [i % 2 for i in range(4 * len(words))], cat_features=[0])
model = CatBoost(dict(iterations=1, depth=1, one_hot_max_size=255, verbose=False, allow_writing_files=False))
model.fit(pool)
path = os.path.join(folder, "hashes.json")
model.save_model(path, format="json", pool=pool)
with open(path) as file:
    hashes = json.load(file)["features_info"]["cat_features_hash"]
os.remove(path)
with open(os.path.join(folder, "hashes.csv"), "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["text", "hash"])
    for entry in sorted(hashes, key=lambda entry: (len(entry["value"]), entry["value"])):
        writer.writerow([entry["value"], entry["hash"] % 2 ** 32])
