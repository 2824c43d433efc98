"""The sections of the page: what each asks, in plain words, and what to know when reading its tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its id, heading, question and what a reader should know."""

    id: str
    title: str
    question: str
    text: str


DEMONSTRATIONS = ("C2", "C8")
"""Sections that come first on the page, because every user should see them."""

SECTIONS = (
    Section(
        "C1",
        "False positives",
        "With no effect, does a test reject as often as it says?",
        "Both sets come from one distribution: normal, heavy-tailed (Student's t with 3 degrees of freedom), "
        "skewed, mostly zero, or rounded as models store numbers. A test at 0.05 may then reject at most 5 % of "
        "the time. Where values never tie, the level that so few prompts can give is known exactly, and the "
        "test must reach it too. With many zeros there is little to tell apart, and the tests reject less.",
    ),
    Section(
        "C2",
        "Tokens are not prompts",
        "What happens when tokens of one prompt, or prompts of one template, are taken as independent?",
        "Tokens of a prompt resemble each other. Counting each as a separate observation makes noise look like "
        "a finding; the more they share, the more often. With the prompt as the unit, which is what a claim "
        "gets without asking, the test rejects as often as it says. Prompts made from the same template are "
        "in the same position; declare the template as `group`.",
    ),
    Section(
        "C3",
        "Unequal spreads",
        "Equal means but unequal spreads: what does the test of means do?",
        "Exchanging prompts tests whether the sets differ in any way. When one set varies more and is smaller, "
        "a test of means rejects too often although the means agree. With sets of equal size it hardly does. "
        "So use sets of equal size; where that cannot be, the result says so.",
    ),
    Section(
        "C4",
        "Intervals",
        "Does a 95 % interval hold the true effect about 95 times in 100?",
        "Values with and without an effect of one standard deviation. An interval on which verdicts rest must "
        "hold the truth at least 93 times in 100 in every line, except where a lower limit is marked with its "
        "reason. Data sets whose values allow no interval (nothing varies) give no verdict either; they are "
        "counted apart.",
    ),
    Section(
        "C5",
        "Power",
        "How often is a real effect found, against theory and against the best known tests?",
        "On normal values the share found must agree with the theory of Welch's t-test within 0.03 (0.04 where a "
        "set has fewer than 10 prompts); ranks may cost up to 0.10. The second table runs the t-tests and the "
        "rank and permutation tests of SciPy on the very same data.",
    ),
    Section(
        "C6",
        "Families and searches",
        "In a file of 10, 100 or 1,000 claims of which none is true, how often is any found?",
        "Correcting for the number of claims keeps the chance of any false one at 5 % per file, however the "
        "claims depend on each other. The maximum statistic does the same for a search over neurons.",
    ),
    Section(
        "C7",
        "Lists of discoveries",
        "Among the neurons a list calls found, how many are false?",
        "Benjamini and Hochberg's correction bounds the mean share of false ones among those found. The limit "
        "is that of a share that is either 0 or 1, which varies most.",
    ),
    Section(
        "C8",
        "The best of many noise neurons",
        "Does picking the best of many neurons, then testing it on the same prompts, find noise?",
        "All values are noise. The neuron with the largest difference is picked and tested. On the prompts it "
        "was picked on, a naive test finds it nearly always. Testing on other prompts (`discovered_on:`), or "
        "against the largest of all neurons under relabelling (`searched:`), finds it 5 times in 100.",
    ),
    Section(
        "C9",
        "Verdicts",
        "How often is a verdict itself wrong?",
        "The whole way from values to verdict. A false `supported` is one where there is no effect, or where "
        "the effect is exactly the number claimed; a false `refuted` is one where the effect is exactly the "
        "number claimed, so that the claim holds. Both may happen at most 5 times in 100.",
    ),
    Section(
        "C10",
        "Random relabellings",
        "Does the verdict depend on the seed?",
        "The same data tested under many seeds. A result that calls itself resolved must be on the right side "
        "of 0.05, but for one time in 1,000; where draws cannot tell, it must say so.",
    ),
    Section(
        "C11",
        "Ratios",
        "Claims about a share recovered: right at the number claimed?",
        "The true ratio is exactly the number claimed, for denominators from clearly positive to hardly so. "
        "Where the denominator is hardly positive there is no bounded interval, and no verdict.",
    ),
    Section(
        "C12",
        "Association within prompts",
        "Is a relation between prompts mistaken for one within prompts?",
        "Values and outcomes both differ between prompts, or drift along each prompt, but are unrelated within "
        "prompts. Pooling all tokens finds a relation; one number per prompt, tested over prompts, does not.",
    ),
    Section(
        "C13",
        "Shares",
        "Does the interval of a share hold the true share, for every true share?",
        "Computed, not simulated: the probability that the interval holds the true share, at its lowest over "
        "a fine grid of true shares.",
    ),
    Section(
        "C14",
        "Equivalence",
        "An effect just at the margin: how often is it called absent?",
        "A claim that something does not differ needs a margin. With the true effect exactly at the margin it "
        "may be supported at most 5 times in 100.",
    ),
    Section(
        "C15",
        "Sign flips and skew",
        "One-sample values that are skewed around zero: does the test warn?",
        "Flipping signs tests symmetry around zero. Skewed values with mean zero are not symmetric, so the "
        "test of their mean can reject too often. The warning has to come on.",
    ),
)
