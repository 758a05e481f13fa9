// Package crowd is a program in which a crowd of `bazar` processes buys, cancels,
// searches, looks and keeps the shelves in one store directory, beside a `bazar
// serve` on it whose customers buy as well: nothing is lost or doubled, and
// nobody waits long for the store.
//
// A process waits for the store where it stands in the queue of the store's lock
// files: where a thread of it is in flock (/proc/PID/task/*/syscall), which is
// looked at many times a second. It is served late also because two hundred that
// start at once, and whatever else runs on the machine, leave no processor to
// those before it; that is no waiting for the store. So what is judged is how
// long it stood there while a processor was free (/proc/stat). How long it stood
// there in all, how long it ran and what it computed are told beside it.
package crowd
