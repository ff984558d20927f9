"""Writers of other people's formats, a module a format; each reads anything `Readable`."""
