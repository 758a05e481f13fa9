// Package hotitem is a program in which ten times as many want a book as there
// are copies of it, all at once, over HTTP: exactly as many get one as there
// are, and everybody else is told that it is out of stock.
package hotitem
