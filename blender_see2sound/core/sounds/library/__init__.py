"""A person's own recordings: a folder that is indexed once and searched by words.

`metadata` reads what a file says of itself, `names` what its name says (`categories` what the
Universal Category System means by it); `scanning` keeps an `index` in step with the folder;
`searching` finds what fits words (`synonyms`); `reading` takes the part that is needed; `maker`
gives sources their sounds from it.
"""
