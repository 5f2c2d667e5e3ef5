"""Embeds a folder of images with PySpark, and checks that every worker computes the same bits as the driver.

    spark.py BUNDLE FOLDER        (Examples/README.md installs what it needs)

The model is opened here and used in the workers. Only its path and bundle id are sent; each worker maps the
file again, and the pages are shared. A file that is not an image gives an error and a vector of zeros.
"""

import io
import os
import sys

import pandas
from PIL import Image
from pocketclip import Model
from pyspark.sql import SparkSession

if len(sys.argv) != 3:
    sys.exit("usage: spark.py BUNDLE FOLDER")
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else workers are whatever `python3` is on the PATH
model = Model(sys.argv[1], threads=1)  # a worker per core already


def decode(content):
    try:
        image = Image.open(io.BytesIO(content))  # in any mode
        image.load()
        return image
    except OSError:
        return None


def embed(batches):
    for batch in batches:
        images = [decode(content) for content in batch["content"]]
        failures = {}
        vectors = model.encode_images(images, failures=failures)
        errors = [str(failures.get(i, "")) if image else "not an image" for i, image in enumerate(images)]
        yield pandas.DataFrame({"path": batch["path"], "vector": list(vectors), "error": errors, "worker": os.getpid()})


spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
files = spark.read.format("binaryFile").load(sys.argv[2]).repartition(4)
rows = files.mapInPandas(embed, "path string, vector array<float>, error string, worker int").cache()
embedded = rows.where("error = ''").orderBy("path").toPandas()
for path, error in rows.where("error != ''").select("path", "error").toPandas().values:
    print(f"{os.path.basename(path)}: {error}")
here = model.encode_images([Image.open(path.removeprefix("file:")) for path in embedded["path"]])
same = all((vector == expected).all() for vector, expected in zip(embedded["vector"], here))
workers = embedded["worker"].nunique()
print(f"{len(embedded)} images in {workers} workers, the same bits as here: {'yes' if same else 'NO'}")
spark.stop()
sys.exit(not same)
