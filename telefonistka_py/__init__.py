"""Telefonistka: promotes changes between the environment folders of a GitOps repository, by pull request.

An event is stored, translated into our own words, and handed to a flow that gathers all facts once, decides with plain
functions, and then acts::

    GitHub ──webhook──▶ server ──▶ inbox (durable) ──▶ reactions (one table: event → flow)
                          │           │                    │
                          ▼           ▼                    ▼
                       202 Accepted  worker, one lane   flow: gather ▶ decide ▶ act ──▶ github
                                     per pull request        (plain functions)

What is to be done later, or again and again, waits in the inbox as well, as deliveries of our own (`events.own`): a
merge that checks hold back, a webhook to be forwarded, a chore (`app.chores`). So a restart forgets nothing, and of
many replicas one does it.

Imports go down, never up or sideways:

====  ==========================================  ======================================================================
9     `cli`, `demo`                               one file per command; the demonstration
8     `server`, `setup`, `doctor`                 the webhook, the status page, the worker, start and drained stop; the
                                                  page that registers the App; what is missing, and what to do
7     `app`, `reactions`, `settings`              wiring; which event starts what; what the variables of ours may say
6     `drift`, `argocd`, `fanout`, `bump`,        capabilities, unaware of each other: what differs already; what a
      `commands`, `recovery`, `census`,           change does in the clusters; webhooks forwarded; versions bumped from
      `suggest`                                   CI; comments as commands; deliveries that were missed; counts; a first
                                                  `telefonistka.yaml`
5     `promotion`                                 what a merge leads to: routes, plan, texts, and the flow that acts
4     `feedback`, `pulls`                         how we comment and set statuses; how we open pull requests
3     `github`, `localgit`, `inbox`               doors: GitHub, a clone on disk, the durable inbox
2     `observability`, `environment`              logs, metrics and traces; variables, and what is wrong with them
1     `tree`, `config`, `events`, `templates`,    rules: git trees as values, `telefonistka.yaml`, events, texts,
      `textdiff`, `needs`, `variables`            unified diffs; what the App may do and hear; the environment's names
0     `errors`, `names`, `markdown`, `counted`    words
—     `sandbox`                                   GitHub and Argo CD in a folder, with pages; imports nothing of the
                                                  rest: no shared mistakes
====  ==========================================  ======================================================================

Where things are decided about production: `promotion.route` (which flow takes a component), `promotion.plan` (which
targets it goes to), `tree.graft` (the tree that results, down to its hash) and `pulls.opening` (what an earlier attempt
left to do). None of them awaits, so none of them can read or change anything.
"""
