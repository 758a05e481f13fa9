package database

// WaitForCheckpoints returns when no checkpoint is under way.
func (db *DB) WaitForCheckpoints() { db.copying.work.Wait() }
