package ui

import "fmt"

// Error says on Err what failed and, unless hint is empty, what to type next.
func (s *Streams) Error(err error, hint string) {
	s.say(ErrorLabel, "error:", err.Error())
	if hint != "" {
		s.Hint(hint)
	}
}

// Hint says on Err what to type next.
func (s *Streams) Hint(text string) { s.say(HintLabel, "hint:", text) }

// Note says on Err what is worth knowing beside the data.
func (s *Streams) Note(text string) { s.say(Dim, "note:", text) }

// say has nobody to tell if Err itself is gone.
func (s *Streams) say(role Role, label, text string) {
	_, _ = fmt.Fprintln(s.Err, s.Err.Paint(role, label), Clean(text))
}
