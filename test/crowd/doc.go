// Package crowd is a program in which a crowd of `bazar` processes buys, cancels,
// searches, looks and keeps the shelves in one store directory, beside a `bazar
// serve` on it whose customers buy as well: nothing is lost or doubled, and
// nobody waits long for the store.
//
// How long a process waits can be told where it has a processor. So first a few
// run at a time, each with a new one in its place when it has ended: each may
// last two seconds longer than one of its kind alone, and no customer of the
// server may wait longer for an answer; nobody gives up. A witness that writes and
// syncs a page of its own all the time sees where the machine stands still for
// other reasons; that time does not count. Then all come at once.
// Two hundred that start at the same moment queue for the processors, too, and
// the last waits as long as all of them take, however good the store is. What is
// judged then is that each is served in its turn: how long each stood in the
// queue of the store's lock files, that is how long a thread of it was in flock
// (/proc/PID/task/*/syscall, looked at many times a second), against the one in
// the middle.
package crowd
