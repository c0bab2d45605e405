"""The arms of the ablation: the options of each, and what they are tried on."""

# Best for gold alone and for both in the search of configs/slurp_embedded.yaml, at 5 % and at 1 % (seed 0, development
# part; the other strategies tie or end sooner): given to all, so that no arm is trained longer than another.
CHOSEN = "{learning_rate: 3.0e-4, max_steps: 600}"
EVERY = f"{{gold: {CHOSEN}, annotate: {CHOSEN}, generate: {CHOSEN}, both: {CHOSEN}, full: {CHOSEN}}}"
ALONE = "--curation.students 0 --curation.calibrate false"
"""The teacher is the only annotator, whatever the config says; what an arm says comes later, and wins."""
HALF = "--trainer '{precision: bf16-mixed}'"
"""Twice as fast where the processor has it."""
WHOLE_POOL = "--curation.rules.pool_leakage false"
"""All arms but one learn from the whole pool: what an option is worth does not hang on rows that are like test rows."""
BASELINES = ("full", "teacher")
"""They do not change with the synthetic rows."""
STRATEGIES = ("gold", "annotate", "generate", "both", *BASELINES)
ASKED = ("gold", "annotate", "both", "teacher")
"""What is asked of SLURP: whether annotated rows pay, and both kinds together."""
TOLD = "{gold: {learning_rate: 1.0e-3, max_steps: 500}, annotate: {learning_rate: 1.0e-3, max_steps: 500}}"
"""As many steps for both, though one learns from twice the rows: what gold alone gains no more by."""
SLURP = f"--config configs/slurp_embedded.yaml --student.chosen '{EVERY}' {ALONE} {HALF} {WHOLE_POOL}"
SETS = {
    "demo": f"--config configs/demo.yaml {ALONE} {HALF} {WHOLE_POOL}",
    "slurp": f"{SLURP} --fraction 0.05",
    "slurp_1": f"{SLURP} --fraction 0.01",
    "webnlg": f"--config configs/webnlg_embedded.yaml --fraction 0.05 {HALF} {WHOLE_POOL} --student.chosen '{TOLD}' "
    "--teacher.generate_weight 0 --teacher.max_epochs 2",
}
TRAINED = {"demo": STRATEGIES, "slurp": ASKED, "slurp_1": ASKED, "webnlg": ("gold", "annotate")}
POOL = "--curation.students 1 --curation.calibrate true"
SHUFFLED = "shuffled labels"
BY_CHANCE = "shares by chance"
"""Gold is drawn label by label here, so its shares are the pool's; of rows drawn at random they are off by chance."""
LEAKS_OUT = "leaks out"
"""As by default, without rows of the pool that are like a development or test row: is it they that help?"""
LABELS = {
    "plain": "--curation.labels hard --curation.match_shares false",
    "soft labels": "--curation.match_shares false",
    "matched": "",
    "calibrated": "--curation.calibrate true",
    "1,500 generated rows": "--generation.amount 1500",
    "with the student": "--curation.students 1",
    "pool": POOL,
    "pool, as read": f"{POOL} --curation.match_shares false",
    # Controls: at such a rate the teacher stays as it was pretrained; and teacher's labels, dealt to other rows.
    "untuned teacher": "--teacher.learning_rate 1e-12 --teacher.max_epochs 1",
    SHUFFLED: "",
}
BEST = {"demo": "matched", "slurp": "pool", "slurp_1": "pool"}
"""The arm that is the default of the set's config: parts are tried upon it."""
PARTS = {
    "hard": "--curation.labels hard",
    "threshold": "--curation.confidence auto",
    "weighed": "--curation.weigh true",
    "smoothed": "--student.loss.smoothing 0.1",
    "generalised": "--student.loss.kind generalised",
    "symmetric": "--student.loss.kind symmetric",
    "averaged": "--student.average 0.99",
    "agreement": "--student.average 0.99 --student.agreement true",
    "two stages": "--student.two_stages true",
    "gold twice": "--student.gold_weight 2",
    LEAKS_OUT: "--curation.rules.pool_leakage true",
    BY_CHANCE: "",
}
"""Of what a student learns from, and how: seen on annotated rows."""
WRITTEN = {
    "disagreement out": "--curation.rules.disagreement reject",
    "no near duplicates": "--curation.rules.near_duplicates 0.8",
}
"""Of the rows that are written."""
TEXTS = {
    "plain": "--curation.rules.faithful false --curation.rules.schema false",
    "rules": "",
    "consensus": "--teacher.samples 4 --curation.choice consensus",
    "all": "--teacher.samples 4 --curation.choice all",
    "weighed": "--curation.weigh true",
    "two stages": "--student.two_stages true",
    LEAKS_OUT: PARTS[LEAKS_OUT],
}


def arms_of(name: str) -> dict[str, str]:
    """Return the options of every arm of a set."""
    if name == "webnlg":
        return TEXTS
    best = BEST[name]
    return LABELS | {f"{best}, {part}": f"{LABELS[best]} {words}" for part, words in (PARTS | WRITTEN).items()}
