"""Runs the statements that engines.ts wrote, and compares rows: engines.py FOLDER (clickhouse | spark | parse).

`parse` has sqlglot parse the statements of Trino, Athena and BigQuery. Exit status 1: something differs. 77: the engine is not installed.
"""
import json
import pathlib
import sys

JSON_COLUMNS = {"user_groups", "as_groups", "person_groups", "sources", "command", "actions"}


def canonical(row):
    """A row as text. Engines write JSON and whole numbers each in their way."""
    out = {}
    for name, value in row.items():
        if value is None:
            value = ""
        if name in JSON_COLUMNS and value != "":
            value = json.loads(value)
        elif not isinstance(value, str):
            value = str(value)
        out[name] = value
    return json.dumps(out, sort_keys=True)


def missing(package):
    print(f"skipped: the Python package {package} is not installed")
    sys.exit(77)


def parse(statements):
    try:
        import sqlglot
        from sqlglot import errors
    except ImportError:
        missing("sqlglot")
    wrong = 0
    for engine in ("athena", "bigquery", "trino", "clickhouse", "spark", "duckdb"):
        for one in statements[engine]:
            try:
                tree = sqlglot.parse_one(one["sql"], read=engine, error_level=errors.ErrorLevel.RAISE)
                if isinstance(tree, sqlglot.exp.Command):
                    raise ValueError("sqlglot does not know this statement")
            except Exception as error:
                wrong += 1
                print(f"{engine} {one['name']}: {str(error)[:1000]}")
        print(f"{engine}: {len(statements[engine])} statements parsed")
    return wrong


class ClickHouse:
    def __init__(self):
        try:
            from chdb import session
        except ImportError:
            missing("chdb")
        self.session = session.Session()

    def run(self, sql):
        self.session.query(sql)

    def fill(self, rows):
        self.session.query("TRUNCATE TABLE audit.raw_events")
        path = pathlib.Path(sys.argv[1]).resolve() / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.session.query(f"INSERT INTO audit.raw_events SELECT * FROM file('{path}', 'JSONEachRow', 'cluster String, day Date, log String, line String')")

    def rows(self, relation):
        text = str(self.session.query(f"SELECT * FROM audit.{relation}", "JSONEachRow"))
        return [json.loads(line) for line in text.split("\n") if line]


# Spark works a view out again wherever it is named, unless it is told to keep it.
CACHED = ("events", "failures", "debug_requests", "session_requests", "grants", "sessions")


class Spark:
    def __init__(self):
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            missing("pyspark")
        here = pathlib.Path(sys.argv[1]).resolve() / "spark"
        self.spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            # For so few rows, compiling each plan and planning it anew takes longer than to read them.
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.codegen.wholeStage", "false")
            .config("spark.sql.adaptive.enabled", "false")
            .config("spark.sql.warehouse.dir", str(here))
            .config("spark.sql.sources.partitionOverwriteMode", "static")
            .config("spark.sql.session.timeZone", "America/New_York")
            .getOrCreate()
        )
        self.spark.sparkContext.setLogLevel("ERROR")

    def run(self, sql):
        self.spark.sql(sql)

    def fill(self, rows):
        data = self.spark.createDataFrame([(r["log"], r["line"], r["cluster"], r["day"]) for r in rows], "log string, line string, cluster string, day string")
        data.createOrReplaceTempView("incoming")
        for relation in CACHED:
            self.spark.sql(f"UNCACHE TABLE IF EXISTS audit.{relation}")
        self.spark.sql("INSERT OVERWRITE audit.raw_events SELECT log, line, CAST(day AS DATE), cluster FROM incoming")
        for relation in CACHED:
            self.spark.sql(f"CACHE TABLE audit.{relation}")

    def rows(self, relation):
        return [row.asDict() for row in self.spark.sql(f"SELECT * FROM audit.{relation}").collect()]


def compare(engine, statements, folder):
    it = {"clickhouse": ClickHouse, "spark": Spark}[engine]()
    for one in statements[engine]:
        try:
            it.run(one["sql"])
        except Exception as error:
            print(f"{engine} {one['name']}: {str(error)[:2000]}")
            return 1
    wrong = 0
    for file in sorted(folder.glob("log-*.json")):
        log = json.loads(file.read_text())
        it.fill(log["rows"])
        counts = []
        for relation, expected in log["expected"].items():
            try:
                found = sorted(map(canonical, it.rows(relation)))
            except Exception as error:
                print(f"{engine} {file.stem} {relation}: {str(error)[:2000]}")
                wrong += 1
                continue
            wanted = sorted(map(canonical, expected))
            counts.append(f"{relation} {len(wanted)}")
            if found != wanted:
                wrong += 1
                only_found = [row for row in found if row not in set(wanted)]
                only_wanted = [row for row in wanted if row not in set(found)]
                print(f"{engine} {file.stem} {relation}: {len(found)} rows, {len(wanted)} expected; {len(only_found)} are not expected, {len(only_wanted)} are missing")
                for f, w in list(zip(only_found, only_wanted))[:3]:
                    a, b = json.loads(f), json.loads(w)
                    print("  differs:", {k: (a[k], b.get(k)) for k in a if a[k] != b.get(k)})
        print(f"{engine} {file.stem}: {', '.join(counts)}")
    return wrong


def main():
    folder = pathlib.Path(sys.argv[1])
    statements = json.loads((folder / "statements.json").read_text())
    what = sys.argv[2]
    wrong = parse(statements) if what == "parse" else compare(what, statements, folder)
    print(f"{what}: {'the same' if wrong == 0 else f'{wrong} differences'}")
    sys.exit(1 if wrong else 0)


main()
