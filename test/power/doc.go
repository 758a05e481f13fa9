// Package power has the power go while people buy, again and again: the services
// are killed at some change that they make to the disk, and the disk forgets
// what was not synced, or some of it. What was acknowledged is there afterwards.
package power
