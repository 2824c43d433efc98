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


SECTIONS = (
    Section(
        "V1",
        "More",
        "A neuron that is no more active for one set: is anything said of it?",
        "Both sets have the same mean. In the last lines the values of the first lie three times as far from it.",
    ),
    Section(
        "V2",
        "More, by a number in the values' own unit",
        "The difference is exactly the number claimed: is it called larger, or smaller?",
        "Values are lifted before they are made lognormal, ReLU or GELU, so that their shape changes with "
        "their mean, as a "
        'neuron\'s does. Of "one in five affected" one prompt in five lies 5 higher, the others are as in the '
        "other set.",
    ),
    Section(
        "V3",
        "More, by a number of standard deviations",
        "The difference is exactly so many standard deviations: is it called larger, or smaller?",
        'The number is the true difference in pooled standard deviations. "Moved as a whole": the first set has the '
        "shape of the second, one standard deviation higher.",
    ),
    Section(
        "V4",
        "Separation",
        "Sets that are not separated, or just as well as claimed: what is said of them?",
        "An AUROC of 0.5 may go with spreads of 3 to 1; then labels are not exchangeable, and the Mann-Whitney test of "
        "textbooks errs. The second table has a number, and a textbook's test of it is that of Brunner and Munzel.",
    ),
    Section(
        "V5",
        "Does not",
        "An effect just at the margin: is it called absent, or present?",
        "Sets differ by exactly the margin that the claim names.",
    ),
    Section(
        "V6",
        "Pairs, changes, documents",
        "A mean of one value per pair, prompt or document lies at the boundary: what is said of it?",
        "Paired contrasts, ablations, shares restored, and the AUROC within documents. The textbook's test "
        "is Student's t. "
        "Files hold ten claims, and five where there are 8 units, for more could never be decided there.",
    ),
    Section(
        "V7",
        "Shares and lists",
        "A share is exactly the one claimed; two lists share exactly so many: what is said of them?",
        "Shares of prompts are counted, shares of tokens are means. Two sets that truly share 5 of their top "
        "10 neurons "
        "are put to six claims, of which only some are true.",
    ),
    Section(
        "V8",
        "Activity of a direction",
        "A direction along which two sets do not differ: is it called higher, or different somewhere?",
        "The direction is fitted on other prompts.",
    ),
    Section(
        "V9",
        "Searches",
        "Among many neurons none has the effect: is one called found?",
        "One claim in a file. The textbook's way is Welch's t of each neuron with Bonferroni's correction. "
        "In the second "
        "table the best of 768 noise neurons is picked and tested.",
    ),
    Section(
        "V10",
        "Files of many claims",
        "Many claims in a file, at their boundaries or some true and some false: is any verdict wrong?",
        "Where all is as assumed, a file of 100 claims shall hold a wrong verdict as seldom as a file of one. Textbook "
        "tests are corrected as Holm does, too.",
    ),
    Section(
        "V11",
        "Prompts from a few frames",
        "Prompts made from four frames: what is said where the frames are declared, and where they are not?",
        "Without `group:` the prompts count as independent, and verdicts are wrong; then the report has to "
        "say that there "
        "are frames. What may not happen is a wrong verdict without a word.",
    ),
    Section(
        "V12",
        "Real activations",
        "Values of real neurons, claims exactly at what is true of them: how often is anything said?",
        "Prompts are drawn from some 300 texts of each of two topics, and all texts together are the truth. "
        "20 neurons of "
        "the middle layer were taken at random of each model; those are left out that nearly separate the "
        "topics. Every "
        "claim counts as alone in its file. Of all neurons of a line one may lie beyond its limit by chance.",
    ),
    Section(
        "V13",
        "Series of checkpoints",
        "A neuron without an effect, or exactly at its number, at 50 checkpoints: is it ever found?",
        "Checkpoints go through one test together, or spend alpha one by one (docs/adr/0050-series.md). The "
        "correlation is "
        "that of one prompt's values at two checkpoints.",
    ),
    Section(
        "V14",
        "What it costs",
        "How often is a true effect found, beside the old rule and the tests of SciPy and statsmodels?",
        "All see the same values, one claim at a time. The old rule (docs/adr/0012-three-verdicts.md) took p "
        "one-sided. "
        "These tests have no second opinion: where values are skewed, V1 to V6 show how often they are wrong.",
    ),
    Section(
        "V15",
        "Attention of heads",
        "A head looks at tokens exactly as much as is claimed, or as much in two sets: what is said of it?",
        "Attention lies between 0 and 1. In most lines it is high in one prompt of five. In the first table it is "
        "compared with a share, in the second between two sets, in the third between two sorts of tokens in the same "
        "prompts.",
    ),
    Section(
        "V16",
        "Numbers of prompts",
        "A value does not go with a number, or exactly as closely as is claimed: what is said of it?",
        "That a rank correlation is 0 does not say that nothing depends on the number: values may spread more at "
        "the ends. The textbook's tests are Spearman's, by t and by Bonett and Wright's standard error; of periods "
        "there is none.",
    ),
    Section(
        "V17",
        "A part of a set of neurons",
        "Two of five neurons are more active, three are not: is that called at least 60 % of them?",
        "The three lie exactly at no difference. The neurons are independent.",
    ),
    Section(
        "V18",
        "Changes compared",
        "Changes that are as large as those they are compared with: is one called larger?",
        "Of two sets the second changes evenly, by the mean of the first. Slopes are over three amounts. Beside "
        "random neurons a text's change is compared with that by one other neuron.",
    ),
    Section(
        "V19",
        "Rankings and classes of tokens",
        "A share of prompts, or of positions, is exactly the one claimed: what is said of it?",
        "Neurons are ranked without a baseline. Documents have 1 to 40 positions above the value. The AUROC of a class "
        "of tokens is tested as that of a token is (V6).",
    ),
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
        "C4",
        "Intervals",
        "Does a 95 % interval hold the true effect about 95 times in 100?",
        "Values with and without an effect of one standard deviation. An interval on which verdicts rest must "
        "hold the truth at least 93 times in 100 in every line, except where a lower limit is marked with its "
        "reason. Data sets whose values allow no interval (nothing varies) give no verdict either; they are "
        "counted apart.",
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
)
