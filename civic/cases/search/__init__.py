"""Finding cases by what citizens wrote: Korean words, slips of the keyboard, phrases, newest first."""
