// Package duplicates is a program in which fifty clients place the same order at
// once, each twenty times, over connections that are cut before, in and after
// the request and its answer. Whatever arrives is the same answer, and there is
// one order, one decision, one movement. A run in which no connection is cut, or no
// answer arrives, fails.
package duplicates
