"""What people put right: kept beside what the machine found, applied at every build.

model      what a correction is, as a value and as a row of work.db
place      where: a link of the site, or a recording and two times
ground     where its words are today, after another model, another split, another camera file
overlay    turns with corrections laid over them, word by word; pure
spelling   one spelling for another; retime: times for words that a person wrote
applied    recordings of work.db as they are with all corrections
wishes     who wishes not to be named or heard, and where the name is said
sound      what corrections say of the sound itself: known voices, what was erased
desk       what `plenary correct` records; preview: what it shows before, report: what it lists
entries    the corrections.yaml beside a programme, followed entry by entry
erasing    words taken out of work.db itself
"""
