/// Documents that several tests read.
enum Samples {
  /// Every section and clause.
  static let full = """
    name: B2B software
    conversion: { event: deal_won }        # what success is, for reports and backtests; optional

    score: { min: 0, max: 200 }            # clamps the total; each side optional

    groups:                                # optional; a group that only sums needs no entry
      fit:        { min: 0,   max: 100 }
      job-level:  { part_of: fit, take: highest }   # manager + director is director, not both
      engagement: { min: -50, max: 100 }

    ignore:                                # events that no rule may see (bots, own staff, test traffic)
      - event: email_click
        where: { user_agent: { contains: bot } }

    rules:
      - id: senior-title                   # 1. attributes alone
        group: job-level
        points: 15
        if: { title: { contains_any: [vp, director, chief] } }

      - id: pricing-page                   # 2. every matching event
        group: engagement
        points: 10
        every:
          event: page_view
          where: { path: { starts_with: /pricing } }
          once_per: day
          within: 90d
          limit: 5
          decay: { percent: 50, every: 30d }        # or linear: true

      - id: hot-week                       # 3. a number of events in a window, scored once
        group: engagement
        points: 20
        when: { event: page_view, at_least: 3, within: 7d }

      - id: gone-dark                      # 4. silence
        group: engagement
        points: -15
        silence: { for: 28d, repeat: 3 }

    stages:                                # lowest first
      - id: nurture
      - id: mql
        enter: { score: 40 }
        keep:  { score: 30 }
      - id: sql
        enter: { score: 80, fit: 20 }
        if: { email: { exists: true } }
        handoff: true

    disqualify:
      - id: unsubscribed
        if: { unsubscribed: true }

    grade:                                 # optional; labels are joined: A1, C3
      - group: fit
        bands: [ { at: 60, label: A }, { at: 30, label: B }, { label: C } ]
      - group: engagement
        bands: [ { at: 50, label: 1 }, { at: 20, label: 2 }, { label: 3 } ]

    expect:                                # conversion rates between stages, in percent; reports warn outside them
      - { from: mql, to: sql, within: 90d, min: 10, max: 50 }
    """
}
