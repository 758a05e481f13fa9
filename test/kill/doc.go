// Package kill is a program that kills real processes under load: the catalog,
// the order service and the commands of a customer, at random moments and at
// every crash point that docs/protocol.md names. There is no hook for it in the
// product: the ways between the processes go over wires of the harness, which
// kill the right one at the right edge of a call. Where a point lies between
// "has it" and "has done something with it", the process stands still before it
// gets the bytes, gets them, and dies.
//
// It also makes the services stand still (SIGSTOP), and go on.
package kill
