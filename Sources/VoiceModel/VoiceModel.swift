// VoiceModel
