// Package simulation runs the store's services in one process, on a clock that
// is not real, behind a network that fails: the real handlers, services and
// SQLite files, called by the real client. A seed decides what happens; each
// seed is a few purchases, cancellations and movements of stock by people who
// ask again, under several names, while messages are lost, doubled, delayed,
// reordered and cut off, and both services crash and come back on the files that
// the crash left. Then the faults end, ten seconds pass, and everything must
// agree: with itself, as `bazar audit` checks it, and with what anybody was told.
//
// Time stands still while anybody works and jumps to the next event when nobody
// does ([testing/synctest]), so that a minute of a store takes milliseconds.
//
// # What a seed decides
//
// All that people do, and what becomes of each request: each party draws from a
// source of its own. In fine weather each message travels for a time of its own,
// to the nanosecond, and one thing happens after the other; such a seed goes the
// same way again, but for three things. The recovery of orders waits with a
// jitter after it failed, which is drawn elsewhere: what comes after it may come
// at other times. Who is at work at the same moment goes on in the scheduler's
// order: callers of one batch, and a crash in the middle of a request. And the
// ids that services mint are new each time. In coarse weather messages travel for
// whole milliseconds and meet, to share batches and to race: those seeds hold
// against more, and go the same way again less often.
//
// A seed that fails is shown with all that happened. To see it again may take a
// few runs of it (-count 20).
//
// # What it does not see
//
// A crash leaves what the process has written, as kill -9 does: what a loss of
// power does to writes that were not synced is not part of it, nor are full
// disks. Neither is more than one process on the same files.
package simulation
