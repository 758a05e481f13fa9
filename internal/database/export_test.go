package database

// WaitForCheckpoints returns when no checkpoint is under way.
func (db *DB) WaitForCheckpoints() { db.copying.work.Wait() }

// Checkpoints counts those that have begun.
func (db *DB) Checkpoints() int {
	db.copying.mu.Lock()
	defer db.copying.mu.Unlock()
	return db.copying.begun
}
