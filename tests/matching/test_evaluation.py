"""The metrics, computed by hand."""

from math import log2

import pytest

from dmpworks.matching.evaluation import measure, metrics


def test_one_order_by_hand() -> None:
    found = ["t1", "x", "t2", "y", "z", "t3"]
    true = {"t1", "t2", "t3", "t4"}
    at5 = metrics(found, true, 5)
    assert at5.map == pytest.approx((1 / 1 + 2 / 3) / 4)
    assert at5.precision == pytest.approx(2 / 5)
    assert at5.recall == pytest.approx(2 / 4)
    ideal = 1 + 1 / log2(3) + 1 / log2(4) + 1 / log2(5)
    assert at5.ndcg == pytest.approx((1 + 1 / log2(4)) / ideal)
    at10 = metrics(found, true, 10)
    assert at10.map == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 4)
    assert at10.precision == pytest.approx(3 / 10)


def test_average_precision_divides_by_no_more_than_k() -> None:
    many = {f"t{number}" for number in range(30)}
    assert metrics([f"t{number}" for number in range(10)], many, 5).map == 1.0
    assert metrics([f"t{number}" for number in range(10)], many, 5).ndcg == pytest.approx(1.0)
    assert metrics([f"t{number}" for number in range(5)], many, 10).map == pytest.approx(0.5)


def test_means_are_over_plans_with_a_true_work_and_a_plan_without_result_counts_nothing() -> None:
    results = {"a": ["t"], "c": ["x"], "d": ["x", "t"]}
    truth = {"a": ["t"], "b": ["t"], "c": [], "d": ["t"]}
    report = measure(results, truth)
    assert [plan.dmp_doi for plan in report.plans] == ["a", "b", "d"]
    assert report.at[5].map == pytest.approx((1 + 0 + 0.5) / 3)
    assert report.at[100].recall == pytest.approx(2 / 3)
    assert report.at[10].precision == pytest.approx(2 / 30)
    assert list(report.at) == [5, 10, 20, 100]


def test_known_outputs_are_left_out_of_truth_and_results() -> None:
    report = measure({"a": ["k", "x", "t"]}, {"a": ["k", "t"], "b": ["k"]}, {"a": ["k"], "b": ["k"]})
    (plan,) = report.plans
    assert (plan.dmp_doi, plan.true_works, plan.results) == ("a", 1, 2)
    assert plan.at[5].map == 0.5


def test_a_work_listed_twice_counts_once() -> None:
    assert measure({"a": ["t", "t", "u"]}, {"a": ["t", "u"]}).at[5].map == 1.0


def test_no_truth_at_all_gives_nothing() -> None:
    assert measure({"a": ["t"]}, {}).at[10].map == 0
