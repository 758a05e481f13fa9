// Package linear holds that the catalog's stock is linearizable: whatever many
// do at once, there is one order of all that was done, each operation at some
// moment between its call and its answer, in which every answer is right. Real
// catalog processes, two on the same files, are called over connections that
// break, and are killed; porcupine looks for that order, book by book.
//
// An operation whose answer was lost may have happened, and may happen until the
// end: it is given a return in the last moment, and what it says counts for
// nothing. An answer that says that nothing was recorded is held to it.
package linear
