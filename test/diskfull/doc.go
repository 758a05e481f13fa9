// Package diskfull fills the disks of a shop while people buy: those of the
// orders, of the books, of a buyer's journal and of a log. It says so, does
// nothing by halves, goes on answering who only reads, and works again by itself
// once there is space.
package diskfull
