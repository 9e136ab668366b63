"""Statistical process control on arrays: no database, clock, web or settings. Mathematics: docs/engines/spc.md.

arrays, subgroups            what goes in, checked
rules, signals               patterns of Nelson and Western Electric, and a sentence for each
chart                        a control chart as a value
variables, attributes        Shewhart charts of measurements and of counts
memory                       EWMA and CUSUM
capability, normality        Cp to Ppk with intervals; Anderson and Darling
anova, gauge                 measurement systems analysis
pareto                       the vital few
plans, switching, acceptance acceptance sampling: plans, rules between them, operating characteristic
constants, special, discrete the numbers behind: c4, d2, d3; gamma and beta; binomial and hypergeometric
"""
