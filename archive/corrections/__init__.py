"""What people put right: kept beside what the machine found, applied at every build.

model      what a correction is, as a value and as a row of work.db
place      where: a link of the site, or a recording and two times
ground     where its words are today, after another model, another split, another camera file
overlay    turns with corrections laid over them; pure
wishes     who wishes not to be named or heard, and where other people say the name
desk       what `plenary correct` does: looks, records, undoes, lists
"""
