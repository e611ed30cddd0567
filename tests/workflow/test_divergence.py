"""A training that diverges fails alone, leaves nothing half-done, and can be mended."""

from study import Study

REASON = "error: training diverged: the loss of stacked replicate 0 is not a finite number"
CURE = "lower learning_rate"


def test_diverged_training_fails_alone_and_is_rerun_alone(fresh_regression: Study):
    study = fresh_regression
    results = study.folder / "results"
    study.change_config(lambda config: config["methods"]["baseline"].update(learning_rate=1e30))

    failed = study.snakemake("results/metrics.csv", "results/timings.csv")
    assert failed.code != 0
    reasons = [line for line in failed.text.splitlines() if REASON in line]
    assert reasons, failed.text
    assert all(CURE in line for line in reasons)
    assert "Traceback" not in failed.text
    assert "Everything but the PDF" not in failed.text
    assert list(results.glob("models/diabetes/baseline/**/*.*")) == []
    assert list(results.glob("models/diabetes/baseline/*")) == []
    assert not (results / "timings/diabetes/baseline/0-1.csv").exists()
    assert (results / "models/diabetes/gradient/0-1/replicate_001.keras").is_file()
    assert (results / "timings/diabetes/gradient/0-1.csv").is_file()
    finished = results / "evaluations/diabetes/gradient/0-1.csv"
    assert finished.is_file()
    assert not (results / "metrics.csv").exists()
    evaluated = finished.stat().st_mtime_ns

    study.change_config(lambda config: config["methods"]["baseline"].update(learning_rate=0.001))
    mended = study.snakemake("results/metrics.csv", "results/timings.csv")
    assert mended.code == 0, mended.text
    assert mended.jobs == {
        "train_baseline": 1,
        "evaluate_run": 1,
        "collect_metrics": 1,
        "collect_timings": 1,
    }
    assert mended.replicates("Evaluating") == {("baseline", "diabetes", "0-1")}
    assert finished.stat().st_mtime_ns == evaluated
    assert "diabetes,baseline,1,mse,gaussian,0.1,1," in (results / "metrics.csv").read_text()
