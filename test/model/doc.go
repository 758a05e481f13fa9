// Package model is the purchase protocol as a pure state machine, and visits
// every state that it can reach: four orders of two books, with cancellations,
// restocking and changing prices, while messages are lost, doubled, delayed and
// reordered and processes crash anywhere. In each state the promises of the
// store must hold ([invariants]), and from each everything must settle once the
// faults end. Wrong variants of the protocol, each caught, show that every one
// of these checks can fail.
//
// # How to read it
//
// [state] is everything that is stored, remembered or under way. [correct] lists
// the steps of the protocol; each is one transaction and what is sent after it.
// Hold it beside the code:
//
//	customer places order       place         order.putOrder, order.Place, order.insert, order.owns
//	                            drive         order.drive, order.reserveAll
//	catalog gets the reserve    reserve       catalog.postReservations, catalog.Reserve, catalog.recall
//	                            decide, take  catalog.takeAll, catalog.decide, catalog.examine, catalog.take, catalog.flush
//	                            reply         catalog.recall
//	order service gets 'taken'  settle        order.settle, order.writeAll
//	or 'refused'                become        order.decide, order.confirm
//	recovery leases             lease         order.recoverDue, order.lease, order.driveLeased, order.driveAll
//	the lease runs out          expire        order.postpone, order.allDue, and attempt_at
//	gives up waiting            giveUp        order.drive: an error decides nothing
//	customer cancels            cancel        order.postCancel, order.Cancel, order.beginCancel
//	catalog gets the release    release       catalog.deleteReservation, catalog.Release, catalog.free, catalog.giveBack
//	order service hears of it   settleCancel  order.driveCancel, order.cancelAll, order.endCancel
//	keeper restocks             restock       catalog.putMovement, catalog.Move, catalog.movedBefore
//
// A batch is the same steps, one after the other, in one transaction; the model
// leaves open which of them come together.
//
// # Faults
//
// The network keeps every message that was ever sent and may deliver it never,
// late, twice, or after a younger one: loss, delay, duplication and reordering
// need no counters and have no bound. A crash forgets who waits for an answer,
// at any time; what a process would have sent or done next simply never
// happens. That a commit's answer is lost is the same: the state has changed,
// and nobody hears of it. Clocks are steps that may come at any time: the end of
// a lease, while its holder still works; a time-out. Any number of requests,
// recoveries and replicas may drive the same order at once.
//
// A customer may ask for anything again at any time, and counts as told what was
// sent, so that the store is held to every answer that might have arrived.
//
// # Bounds
//
// The shop restocks and reprices each book at most once; copies are few enough
// that orders compete. In the short form one or two customers never cancel
// ([worlds]): 2.7 million states and 30 million transitions, 20 s of one core,
// 320 MiB. "go test ./test/model -long" lets them: 9 million states and 108
// million transitions, 75 s, 1 GiB. Alike orders are interchangeable, so that one
// state stands for all their permutations. Accounts, retired books, currencies
// and titles are left to the tests of the services.
//
// Run it with -v for the number of states, and the shortest trace to the promise
// that each variant breaks.
package model
