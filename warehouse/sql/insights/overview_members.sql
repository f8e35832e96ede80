-- overview_members: the customer of a visit, where a tag or cohort is asked for
LEFT JOIN identities AS i ON i.identity_key = s.identity_key AND i.project = s.project
