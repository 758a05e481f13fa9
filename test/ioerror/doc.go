// Package ioerror has the disks of a shop report errors while people buy: of
// reads, of writes and of syncs, after which what was written may or may not be
// there. The services may say that they don't know, or that they can't; they
// never say what is not so.
package ioerror
